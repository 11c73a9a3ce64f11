import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'

import * as sdk from '@linktor/sdk'

import { rejection, useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()
const CALLBACK = 'http://127.0.0.1/callback'

function loggedIn(family = 'linktor', options = {}) {
  const { email, password } = sandbox.credentials[family]
  return sandbox.client(family, { email, password, ...options })
}

function consenting() {
  const { client_id: clientId, client_secret: clientSecret } = sandbox.credentials.api_v2
  return sandbox.client('api_v2', { oauth: { clientId, clientSecret } })
}

test('a session is nothing before its first token, and known after it', async () => {
  const client = loggedIn('linkit')
  assert.equal(client.auth.session(), null)
  const session = await client.auth.login()
  assert.equal(typeof session.user, 'object')
  assert.equal(session.organization, sandbox.credentials.linkit.organization)
  assert.ok(session.expiresIn > 3_600_000 && session.expiresIn <= 86_400_000, 'milliseconds')
  assert.deepEqual({ ...client.auth.session(), expiresIn: 0 }, { ...session, expiresIn: 0 })
})

test('an expiry that is unknown is null', async () => {
  await sandbox.script({ json: { access_token: 'token-1' } })
  const client = sandbox.client('api_v2', {
    oauth: new sdk.OAuth({ clientId: 'a', clientSecret: 'b', refreshToken: 'c' }),
  })
  assert.deepEqual(await client.auth.refresh(), { user: null, organization: null, expiresIn: null })
})

test('a token that is forgotten is renewed', async () => {
  const client = loggedIn()
  await client.auth.login()
  client.auth.invalidate()
  await client.get('/me')
  const paths = (await sandbox.journal()).map(({ path }) => path)
  assert.deepEqual(paths, ['/api/v1/auth/login', '/api/v1/auth/refresh', '/api/v1/me'])
})

test('a test tells what the server said', async () => {
  const good = await sandbox.client('api_v2').auth.test()
  assert.equal(good.valid, true)
  assert.equal(typeof good.data, 'object')
  const bad = await sandbox.client('api_v2', { apiKey: 'key-1' }).auth.test()
  assert.deepEqual(bad, { valid: false, data: null })
})

test('what a refusal says besides is not data', async () => {
  await sandbox.script({ json: { valid: false, reason: 'revoked' } })
  assert.deepEqual(await sandbox.client('api_v2').auth.test(), { valid: false, data: null })
})

test('the user is not for logs, but for JSON', async () => {
  const client = loggedIn('linkit')
  const session = await client.auth.login()
  assert.equal(inspect(session), inspect({ organization: session.organization, expiresIn: session.expiresIn }))
  for (const one of [session, client.auth.session()]) {
    assert.ok(!inspect({ one }, { showHidden: true }).includes('user'))
    assert.deepEqual(JSON.parse(JSON.stringify(one)).user, session.user)
    assert.deepEqual({ ...one }.user, session.user)
  }
  const tested = await sandbox.client('api_v2').auth.test()
  assert.equal(inspect(tested), '{ valid: true }')
  assert.deepEqual(JSON.parse(JSON.stringify(tested)), { ...tested })
})

test('a refused login has its class, and its stack shows who called', async () => {
  const error = await rejection(loggedIn('linktor', { password: 'invented' }).auth.login())
  assert.ok(error instanceof sdk.AuthenticationError)
  assert.match(error.stack, /auth\.test\.mjs/)
  assert.ok((await rejection(sandbox.client().auth.login())) instanceof sdk.ConfigError)
  for (const options of [{ timeout: 5 }, null, 'text']) {
    assert.ok((await rejection(loggedIn().auth.login(options))) instanceof sdk.InvalidRequestError)
  }
})

test('an aborted auth call rejects at once with the reason', async () => {
  for (const name of ['login', 'refresh', 'test']) {
    await sandbox.reset()
    await sandbox.script({ delay_ms: 10_000 })
    const controller = new AbortController()
    const call = rejection(loggedIn().auth[name]({ signal: controller.signal }))
    await sandbox.journalWhen((entries) => entries.length === 1)
    const reason = new Error('changed my mind')
    const began = performance.now()
    controller.abort(reason)
    assert.equal(await call, reason)
    assert.ok(performance.now() - began < 50)
  }
  const error = await rejection(loggedIn().auth.login({ signal: AbortSignal.abort() }))
  assert.equal(error.name, 'AbortError')
})

test('close ends an auth call', async () => {
  await sandbox.script({ delay_ms: 10_000 })
  const client = loggedIn()
  const call = rejection(client.auth.login())
  await sandbox.journalWhen((entries) => entries.length === 1)
  client.close()
  assert.ok((await call) instanceof sdk.ClientClosedError)
})

test('a request for consent goes to another process as JSON', async () => {
  const request = consenting().auth.authorizeUrl(['read:users'], new URL(CALLBACK))
  const saved = JSON.stringify(request)
  const { url, state, verifier, redirectUri } = request
  assert.deepEqual(JSON.parse(saved), { url, state, verifier, redirect_uri: redirectUri })
  assert.equal(new URL(url).searchParams.get('state'), state)

  const answer = await fetch(url, { redirect: 'manual' })
  const callback = new URL(answer.headers.get('location'))
  const other = consenting()
  const session = await other.auth.exchangeCode(callback, JSON.parse(saved))
  assert.deepEqual(session, other.auth.session())
  assert.equal((await other.get('/users')).status, 200)
})

test('a code is exchanged in the same process from the path of the callback', async () => {
  const client = consenting()
  const request = client.auth.authorizeUrl(['read:users'], CALLBACK)
  const answer = await fetch(request.url, { redirect: 'manual' })
  const { pathname, search } = new URL(answer.headers.get('location'))
  await client.auth.exchangeCode(pathname + search, request)
  assert.equal((await client.get('/users')).status, 200)
})

test('a request for consent prints neither verifier nor state', () => {
  const request = consenting().auth.authorizeUrl([], CALLBACK)
  assert.equal(inspect(request), `AuthorizationRequest { redirectUri: '${CALLBACK}' }`)
  for (const form of [
    `${request}`,
    inspect(request, { showHidden: true }),
    inspect(request, { customInspect: false }),
  ]) {
    assert.ok(!form.includes(request.verifier) && !form.includes(request.state), form)
  }
})

test('what is no request for consent is refused', async () => {
  const client = consenting()
  const request = client.auth.authorizeUrl([], CALLBACK)
  const circular = {}
  circular.self = circular
  for (const junk of [undefined, null, 'text', 1n, {}, circular, JSON.stringify(request)]) {
    const error = await rejection(client.auth.exchangeCode(`${CALLBACK}?code=a&state=b`, junk))
    assert.ok(error instanceof sdk.InvalidRequestError, `${error}`)
  }
  for (const scopes of [undefined, 'read:users', [7]]) {
    assert.throws(() => client.auth.authorizeUrl(scopes, CALLBACK), sdk.InvalidRequestError)
  }
  assert.throws(() => client.auth.authorizeUrl([], undefined), sdk.InvalidRequestError)
  assert.throws(() => sandbox.client().auth.authorizeUrl([], CALLBACK), sdk.ConfigError)
})

test('a callback with half a letter does not answer the request', async () => {
  const client = consenting()
  const request = client.auth.authorizeUrl([], CALLBACK)
  const error = await rejection(client.auth.exchangeCode('/callback?code=a&state=\ud800', request))
  assert.ok(error instanceof sdk.AuthenticationError, `${error}`)
  assert.equal(error.code, 'state_mismatch')
})

test('a client made anew goes on with the tokens of its store', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'linktor-store-'))
  try {
    const tokenStore = join(folder, 'tokens.json')
    await loggedIn('linkit', { tokenStore }).auth.login()
    await loggedIn('linkit', { tokenStore }).get('/ping')
    assert.deepEqual(
      (await sandbox.journal()).map(({ path }) => path),
      ['/api/v1/auth/login', '/api/v1/ping'],
    )
    const unreadable = loggedIn('linkit', { tokenStore: folder })
    for (const call of [unreadable.auth.login(), unreadable.get('/ping')]) {
      const error = await rejection(call)
      assert.ok(error instanceof sdk.TokenStoreError, `${error}`)
      assert.equal(error.kind, 'token_store')
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
