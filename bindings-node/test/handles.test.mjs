import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'

import { APIClient, CallbackError, ClientClosedError, ConfigError, LibromiConnect, Linkit, Linktor } from '@linktor/sdk'

import { rejection, useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()

const sentBy = async (name) => (await sandbox.journal()).map(({ headers }) => new Map(headers).get(name))

test('a handle is of the class of its client', () => {
  for (const client of [
    new Linktor({ apiKey: 'key-1' }),
    new Linkit({ apiKey: 'key-1' }),
    new LibromiConnect({ apiToken: 'key-1' }),
    new APIClient({ apiKey: 'key-1', provider: 'api_v1' }),
  ]) {
    for (const handle of [client.withOrganization('org_1'), client.withCredentials({ apiKey: 'key-2' })]) {
      assert.equal(handle.constructor, client.constructor)
      assert.equal(handle.provider, client.provider)
      assert.equal(inspect(handle), inspect(client))
      assert.notEqual(handle.auth, client.auth)
    }
  }
})

test('an organization is that of the handle alone', async () => {
  await sandbox.script({ json: {} }, { json: {} }, { json: {} })
  const client = sandbox.client('linkit')
  const handle = client.withOrganization('org_1')
  await handle.get('/products')
  await handle.withOrganization('org_2').get('/products')
  await client.get('/products')
  assert.deepEqual(await sentBy('x-organization-id'), ['org_1', 'org_2', undefined])
})

test('credentials are those of the handle alone', async () => {
  await sandbox.script({ json: {} }, { json: {} }, { json: {} })
  const client = sandbox.client('linktor', { apiKey: 'key-1' })
  await client.withCredentials({ accessToken: 'token-1' }).get('/me')
  await client.withCredentials({ tokenSource: () => 'token-2' }).get('/me')
  await client.get('/me')
  assert.deepEqual(await sentBy('authorization'), ['Bearer token-1', 'Bearer token-2', 'Bearer key-1'])
})

test('each handle asks the token source that it was given', async () => {
  await sandbox.script(...Array.from({ length: 5 }, () => ({ json: {} })))
  const root = sandbox.client('linktor', { tokenSource: () => 'token-of-root' })
  const ada = root.withCredentials({ tokenSource: async () => 'token-of-ada' })
  const bo = root.withCredentials({ tokenSource: async () => 'token-of-bo' })
  await ada.withOrganization('org_1').get('/me')
  for (const client of [bo, ada, root, root.withOrganization('org_1')]) await client.get('/me')
  const tokens = ['ada', 'bo', 'ada', 'root', 'root'].map((name) => `Bearer token-of-${name}`)
  assert.deepEqual(await sentBy('authorization'), tokens)
})

test('what the source of a handle throws is the cause', async () => {
  const thrown = new TypeError('no vault')
  const tokenSource = () => {
    throw thrown
  }
  const handle = sandbox.client().withCredentials({ tokenSource })
  for (const client of [handle, handle.withOrganization('org_1')]) {
    const error = await rejection(client.get('/me'))
    assert.ok(error instanceof CallbackError)
    assert.equal(error.cause, thrown)
  }
})

test('a source may use another handle, but not its own', async () => {
  const client = sandbox.client()
  let user
  const ofClient = async () => (await client.get('/me')).data().id
  assert.equal((await rejection(client.withCredentials({ tokenSource: ofClient }).get('/me'))).status, 401)
  user = client.withCredentials({ tokenSource: async () => (await user.get('/me')).data().id })
  assert.equal((await rejection(user.get('/me'))).cause.code, 'recursive_token_source')
})

test('closing a handle does nothing, and closing the client ends its handles', async () => {
  const client = sandbox.client()
  const handles = [client.withOrganization('org_1'), client.withCredentials({ anonymous: true })]
  for (const handle of handles) {
    handle.close()
    await handle[Symbol.asyncDispose]()
  }
  assert.equal((await handles[0].get('/me')).status, 200)

  await sandbox.reset()
  await sandbox.script({ delay_ms: 10_000 }, { delay_ms: 10_000 })
  const calls = handles.map((handle) => rejection(handle.get('/me')))
  await sandbox.journalWhen((entries) => entries.length === 2)
  client.close()
  for (const error of await Promise.all(calls)) assert.ok(error instanceof ClientClosedError)
})

test('a call of a handle is aborted', async () => {
  await sandbox.script({ delay_ms: 10_000 })
  const handle = sandbox.client().withOrganization('org_1')
  const error = await rejection(handle.get('/me', { signal: AbortSignal.timeout(50) }))
  assert.equal(error.name, 'TimeoutError')
  await sandbox.journalWhen(([entry]) => entry.aborted)
})

test('a handle that cannot be is refused', () => {
  const client = sandbox.client()
  for (const id of [undefined, 7, '', 'a\nb']) assert.throws(() => client.withOrganization(id), ConfigError)
  for (const options of [
    undefined,
    {},
    { apiKey: undefined },
    { email: 'ada@example.com' },
    { apiKey: 'key-1', accessToken: 'token-1' },
    { apiKey: 'key-1', timeout: 5 },
    { tokenSource: 'token' },
    { jwt: { secret: 'a', subject: 'b' } },
  ]) {
    assert.throws(() => client.withCredentials(options), ConfigError, inspect(options))
  }
})

test('LibromiConnect takes its own name for a key', async () => {
  await sandbox.script({ json: {} })
  const client = new LibromiConnect({ apiToken: 'key-1', baseUrl: sandbox.base_urls.libromi })
  await client.withCredentials({ apiToken: 'key-2' }).get('/contacts')
  assert.deepEqual(await sentBy('authorization'), ['Bearer key-2'])
  assert.throws(() => client.withCredentials({ apiToken: undefined }), ConfigError)
  assert.throws(() => client.withCredentials(), ConfigError)
})

test('a renewal that outlives its handle finds nobody, and no harm is done', async () => {
  let asked = 0
  const tokenSource = async () => {
    asked++
    await sleep(20)
    return 'token-1'
  }
  const client = sandbox.client()
  const call = client.withCredentials({ tokenSource }).get('/me', { signal: AbortSignal.timeout(5) })
  assert.equal((await rejection(call)).name, 'TimeoutError')
  await sleep(40)
  assert.equal((await client.get('/me')).status, 200)
  assert.equal(asked, 1)
})
