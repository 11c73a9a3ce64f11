import assert from 'node:assert/strict'
import { test } from 'node:test'

import { APIClient, ConfigError, JWT, LibromiConnect, Linkit, Linktor, OAuth } from '@linktor/sdk'

import { rejection, useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()

function refused(make, pattern) {
  assert.throws(make, (error) => {
    assert.ok(error instanceof ConfigError, error)
    assert.match(error.message, pattern)
    return true
  })
}

test('an unknown option is named, with those that there are', () => {
  refused(() => new Linktor({ apiKey: 'key-1', timeoutMs: 5 }), /`timeoutMs`.*apiKey.*connectTimeout/)
  refused(() => new Linktor({ api_key: 'key-1' }), /`api_key`/)
  refused(() => new Linktor({ apiKey: 'key-1', toString: 1 }), /`toString`/)
  refused(() => new Linktor('key-1'), /object/)
  refused(() => new Linktor(null), /object/)
})

test('a credential that is undefined is refused, not replaced by the environment', () => {
  process.env.LINKTOR_API_KEY = 'lk_of_the_environment'
  try {
    for (const name of ['apiKey', 'accessToken', 'tokenSource', 'email', 'password', 'oauth', 'jwt']) {
      for (const value of [undefined, null]) refused(() => new Linktor({ [name]: value }), new RegExp(name))
    }
    assert.equal(new Linktor().provider, 'linktor')
    assert.equal(new Linktor({ timeout: undefined }).provider, 'linktor')
  } finally {
    delete process.env.LINKTOR_API_KEY
  }
  refused(() => new Linktor(), /LINKTOR_API_KEY/)
  refused(() => new LibromiConnect({ apiToken: undefined }), /apiToken/)
})

test('options of the wrong type are refused by name', () => {
  const wrong = {
    timeout: ['5s', NaN, Infinity, 0, -1],
    connectTimeout: [null],
    deadline: ['soon'],
    maxConnections: [0, 1.5, 'many', NaN],
    maxRetries: [-1, 1.5, '3', NaN],
    maxRetryWait: ['1m', -1, NaN],
    retryBudget: [-1, 1.5, 'all', Infinity],
    pacing: ['proactiv', 7, null],
    limits: [
      'no such tier',
      null,
      7,
      [],
      {},
      [{ limit: 0, window: 1000 }],
      [{ limit: 1, window: 1000, class: 'others' }],
    ],
    organization: [7, ''],
    headers: ['a: b', { a: 7 }],
    baseUrl: [7, 'http://example.com'],
    allowInsecureHttp: ['yes'],
    authUrl: [7],
    tokenStore: [7, ''],
    provider: ['linctor', 7],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) refused(() => new Linktor({ apiKey: 'key-1', [name]: value }), new RegExp(name))
  }
  refused(() => new Linktor({ apiKey: 7 }), /apiKey/)
  refused(() => new Linktor({ tokenSource: 'token' }), /tokenSource/)
})

test('a limit of the wrong type is refused by name', () => {
  const limited = (limit) => () => new Linktor({ apiKey: 'key-1', limits: [limit] })
  refused(limited({ limit: 1, window: '1s' }), /^limits: window must be a number of milliseconds$/)
  refused(limited({ limit: 1 }), /^limits: window must/)
  refused(
    limited({ limit: 1, window: 1000, per: 's' }),
    /^limits: unknown option `per`; there are class, limit, window$/,
  )
  for (const limit of ['1', NaN, undefined])
    refused(limited({ limit, window: 1000 }), /^limits: limit must be a number$/)
  refused(limited({ limit: 1, window: 0 }), /^limits: a window must be more than zero/)
  refused(limited({ limit: 1, window: 1000, class: null }), /^limits: class is given, but null/)
  for (const limit of ['free', null, 7, { limit: 1.5, window: 1000 }, { limit: 1, window: -1 }]) {
    refused(
      limited(limit),
      /^limits must be a tier's name, or a list of limits, each with a limit .* and maybe a class/,
    )
    assert.throws(limited(limit), ({ message }) => !/seconds/.test(message))
  }
})

test('credentials of several parts come as objects or as values', () => {
  const oauth = { clientId: 'client-1', clientSecret: 'secret-1', refreshToken: 'token-1', account: 'ada' }
  const jwt = { secret: 'secret-1', subject: 'user-1', issuer: 'api.example.com', claims: { a: [1] }, ttl: 60_000 }
  for (const options of [{ oauth }, { oauth: new OAuth(oauth) }, { jwt }, { jwt: new JWT(jwt) }]) {
    assert.equal(new APIClient(options).provider, 'api_v2')
  }
  const { clientId, clientSecret } = oauth
  refused(() => new OAuth({ clientId, clientSecret, refreshToken: undefined }), /refreshToken/)
  refused(
    () => new OAuth({ clientId, client_secret: clientSecret }),
    /oauth: unknown option `client_secret`.*clientSecret/,
  )
  refused(() => new OAuth('client-1'), /oauth/)
  refused(() => new APIClient({ oauth: { clientId } }), /oauth\.clientSecret is missing/)
  refused(() => new APIClient({ oauth: { clientId, clientSecret, account: undefined } }), /account/)
  refused(() => new JWT({ ...jwt, ttl: '1h' }), /jwt\.ttl/)
  refused(() => new APIClient({ jwt: { ...jwt, ttl: 1 } }), /jwt\.ttl/)
  refused(() => new APIClient({ jwt: { ...jwt, claims: [1] } }), /claims/)
  refused(() => new APIClient({ jwt: { ...jwt, claims: { a: 1n } } }), /JSON/)
})

test('an error names options as they are called here', async () => {
  const client = sandbox.client()
  refused(() => new APIClient({ oauth: {} }), /^oauth\.clientId is missing$/)
  refused(() => new APIClient({ oauth: 7 }), /^oauth: the options must be an object/)
  refused(() => client.withCredentials({}), /: give one of accessToken, anonymous, apiKey, .*, tokenSource$/)
  refused(() => new Linktor({ apiKey: 'key-1', baseUrl: 'http://example.com' }), /^baseUrl .* set allowInsecureHttp/)
  refused(() => new APIClient({ oauth: { clientId: ['a'] } }), /of clientId, clientSecret, refreshToken, accessToken,/)
  const oauth = new APIClient({ oauth: { clientId: 'a', clientSecret: 'b' } })
  assert.match((await rejection(oauth.auth.login())).message, /use authorizeUrl and exchangeCode/)
  assert.throws(() => oauth.auth.authorizeUrl([], '/callback'), /redirectUri must be/)
  assert.equal((await rejection(client.get('/me', { requestId: '' }))).message, 'requestId is empty')
  assert.match((await rejection(client.get('/me', { requestId: 'a\n' }))).message, /^the value of `requestId` holds/)
})

test('options of a call that will not do are refused by name, and nothing is sent', async () => {
  const client = sandbox.client()
  const wrong = (name) => new RegExp(`^${name} is not an option of a call, or not of its type$`)
  for (const [name, values, kind, pattern] of [
    ['maxRetries', [NaN, '3', null], 'config', /^maxRetries must be a number$/],
    ['maxRetries', [-1, 1.5], 'config', /^maxRetries must be a whole number, at least 0$/],
    ['maxRetryWait', ['x', NaN, null], 'config', /^maxRetryWait must be a number of milliseconds$/],
    ['maxRetryWait', [-1], 'config', /^maxRetryWait must be at least zero/],
    ['idempotencyKey', [5, true], 'invalid_request', wrong('idempotencyKey')],
    ['idempotent', ['yes', 1], 'invalid_request', wrong('idempotent')],
    ['organizationId', [7], 'invalid_request', wrong('organizationId')],
    ['requestId', [7], 'invalid_request', wrong('requestId')],
    ['idempotencyKey', [null], 'invalid_request', /^idempotencyKey is given, but null/],
    ['idempotent', [null], 'invalid_request', /^idempotent is given, but null/],
    ['max_retries', [3], 'invalid_request', /^unknown option `max_retries`; there are .*maxRetries/],
  ]) {
    for (const value of values) {
      const error = await rejection(client.post('/contacts', { [name]: value }))
      assert.equal(error.kind, kind)
      assert.match(error.message, pattern)
    }
  }
  assert.deepEqual(await sandbox.journal(), [])
  for (const name of ['idempotencyKey', 'idempotent', 'maxRetries']) await client.get('/me', { [name]: undefined })
})

test("an error leaves the user's own words as they are", async () => {
  const client = sandbox.client()
  assert.match((await rejection(client.get('/clients/{client_id}'))).message, /`client_id` has no value/)
  const provider = { name: 'x', credentials: [], auth: { grant: { access_token: ['token'] } } }
  refused(() => new Linktor({ anonymous: true, baseUrl: sandbox.url, provider }), /: auth\.grant\.access_token must/)
  await sandbox.script({ status: 400, json: { error: { code: 'x', message: 'api_key is unknown' } } })
  assert.match((await rejection(client.get('/me'))).message, /api_key is unknown/)
})

test('the presets settle the provider', () => {
  assert.equal(new Linkit({ apiKey: 'key-1' }).provider, 'linkit')
  assert.equal(new LibromiConnect({ apiToken: 'key-1' }).provider, 'libromi')
  assert.equal(new LibromiConnect({ apiKey: 'key-1' }).provider, 'libromi')
  assert.equal(new APIClient({ apiKey: 'key-1' }).provider, 'api_v2')
  assert.equal(new APIClient({ apiKey: 'key-1', provider: 'api_v1' }).provider, 'api_v1')
  assert.ok(new Linkit({ apiKey: 'key-1' }) instanceof Linktor)
  refused(() => new Linkit({ apiKey: 'key-1', provider: 'linktor' }), /Linkit/)
  refused(() => new LibromiConnect({ apiKey: 'key-1', provider: 'linktor' }), /LibromiConnect/)
  refused(() => new APIClient({ apiKey: 'key-1', provider: 'linktor' }), /api_v1 or api_v2/)
  refused(() => new LibromiConnect({ apiKey: 'key-1', apiToken: 'key-1' }), /apiToken and apiKey/)
  refused(() => new Linktor({ apiToken: 'key-1' }), /`apiToken`/)
})

test('headers come as an object, as pairs, or as Headers', async () => {
  for (const headers of [{ 'X-A': '1', 'X-B': undefined }, [['X-A', '1']], new Headers({ 'X-A': '1' })]) {
    await sandbox.reset()
    await sandbox.client('linktor', { headers }).get('/me', { headers: { 'X-C': '3' } })
    const [entry] = await sandbox.journal()
    const sent = new Map(entry.headers)
    assert.deepEqual([sent.get('x-a'), sent.get('x-b'), sent.get('x-c')], ['1', undefined, '3'])
  }
})

test('an organization that is null is not the default one', async () => {
  const client = sandbox.client('linkit', { organization: 'org_default' })
  const error = await rejection(client.get('/products', { organizationId: null }))
  assert.match(error.message, /^organizationId is given, but null/)
  assert.throws(() => sandbox.client('linkit', { organization: null }), /^ConfigError: organization is given, but null/)
  assert.deepEqual(await sandbox.journal(), [])
})
