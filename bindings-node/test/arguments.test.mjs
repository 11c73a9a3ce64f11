// What is not of its type is refused at once, by name, wherever it is given: nothing is sent.
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { inspect } from 'node:util'

import {
  APIClient,
  ClientClosedError,
  JWT,
  jwt,
  LibromiConnect,
  Linkit,
  Linktor,
  LinktorError,
  OAuth,
  Verifier,
  webhooks,
} from '@linktor/sdk'

import { useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()
const MARKER = 'lk_marker_7f3a9c'
const TRAP = 'a trap of the caller'

afterEach(async () => assert.deepEqual(await sandbox.journal(), [], 'nothing is sent'))

const cyclic = { a: MARKER }
cyclic.a = cyclic
const trap = () => {
  throw new RangeError(TRAP)
}

/** Values that few arguments take. */
const HOSTILE = {
  NaN: NaN,
  infinite: Infinity,
  negative: -1,
  one: 1,
  bigint: 1n,
  true: true,
  symbol: Symbol(MARKER),
  function: () => MARKER,
  'empty list': [],
  list: [MARKER],
  object: {},
  'object without prototype': Object.assign(Object.create(null), { a: MARKER }),
  'own __proto__': JSON.parse(`{"__proto__": {"apiKey": "${MARKER}"}}`),
  cyclic,
  proxy: new Proxy({}, { get: trap, getOwnPropertyDescriptor: trap, getPrototypeOf: trap, has: trap, ownKeys: trap }),
  getter: Object.defineProperty({}, 'a', { get: trap, enumerable: true }),
  map: new Map([['apiKey', MARKER]]),
  bytes: new Uint8Array(2),
  promise: Promise.resolve(MARKER),
  'half a surrogate pair': '\ud800',
}
const FALSY = { undefined: undefined, null: null }

const PLAIN = ['object', 'promise']

/** Every call must fail with an error of ours that names what it refuses, or with the caller's own trap. */
async function refusesAll(what, names, call, { takes = [], values = HOSTILE } = {}) {
  for (const [kind, value] of Object.entries(values)) {
    if (takes.includes(kind)) continue
    let error
    try {
      await call(value)
      assert.fail(`${what} takes ${kind}`)
    } catch (thrown) {
      error = thrown
    }
    if (error instanceof RangeError && error.message === TRAP) continue
    const told = `${what} with ${kind}: ${inspect(error)}`
    assert.ok(error instanceof LinktorError || error instanceof TypeError || error instanceof RangeError, told)
    assert.match(error.message, names, told)
    assert.ok(!told.includes(MARKER), told)
    if (error instanceof LinktorError) assert.deepEqual([error.attempts, error.sent], [0, 'no'], told)
  }
}

const NUMBERS = ['connectTimeout', 'deadline', 'maxConnections', 'maxRetries', 'maxRetryWait', 'retryBudget', 'timeout']
const TEXTS = ['authUrl', 'baseUrl', 'clientVersion', 'organization', 'pacing', 'proxy', 'tokenStore']

test('an option of a client', async () => {
  const client = (name) => (value) =>
    new Linktor({ apiKey: MARKER, baseUrl: sandbox.base_urls.linktor, organization: 'org_1', [name]: value })
  for (const name of NUMBERS) await refusesAll(name, new RegExp(name), client(name), { takes: ['one'] })
  for (const name of TEXTS) await refusesAll(name, new RegExp(name), client(name))
  await refusesAll('allowInsecureHttp', /allowInsecureHttp/, client('allowInsecureHttp'), { takes: ['true'] })
  await refusesAll('limits', /limits/, client('limits'))
  await refusesAll('provider', /provider|nested too deep|__proto__/, client('provider'))
  const takes = [...PLAIN, 'empty list', 'object without prototype', 'map']
  await refusesAll('headers', /headers/, client('headers'), { takes })
  await refusesAll('the options', /options|`a`|`__proto__`/, (value) => new Linktor(value), { takes: PLAIN })
  await refusesAll('the options', /options/, (value) => new Linktor(value), { values: { null: null, text: MARKER } })
})

test('a part of an option', async () => {
  const client = (options) => new Linktor({ apiKey: MARKER, baseUrl: sandbox.base_urls.linktor, ...options })
  const limit = { limit: 1, window: 1000 }
  const limited = (name) => (value) => client({ limits: [{ ...limit, [name]: value }] })
  for (const name of ['limit', 'window']) {
    await refusesAll(name, new RegExp(`limits: ${name}`), limited(name), { takes: ['one', 'negative'] })
    await refusesAll(name, /^limits/, limited(name), { values: { negative: -1, ...FALSY } })
  }
  await refusesAll('class', /limits|class/, limited('class'))
  await refusesAll('a limit', /limits|`a`/, (value) => client({ limits: [value] }))
  await refusesAll('a header', /headers/, (value) => client({ headers: { 'X-A': value } }))
  await refusesAll('a pair', /headers/, (value) => client({ headers: [value] }))
  await refusesAll('a header of a pair', /headers/, (value) => client({ headers: [['X-A', value]] }))
})

test('a credential', async () => {
  const client = (options) => new Linktor({ baseUrl: sandbox.base_urls.linktor, ...options })
  const both = { values: { ...HOSTILE, ...FALSY } }
  process.env.LINKTOR_API_KEY = 'lk_of_the_environment'
  try {
    for (const name of ['apiKey', 'accessToken']) {
      await refusesAll(name, new RegExp(name), (value) => client({ [name]: value }), both)
    }
    await refusesAll('email', /email/, (email) => client({ email, password: MARKER }), both)
    await refusesAll('password', /password/, (password) => client({ email: 'ada@example.com', password }), both)
    const source = { ...both, takes: ['function'] }
    await refusesAll('tokenSource', /tokenSource/, (tokenSource) => client({ tokenSource }), source)
    await refusesAll('anonymous', /anonymous/, (anonymous) => client({ anonymous }), { takes: ['true'] })
  } finally {
    delete process.env.LINKTOR_API_KEY
  }
  await refusesAll('oauth', /oauth/, (oauth) => new APIClient({ oauth }), both)
  await refusesAll('jwt', /jwt/, (jwt) => new APIClient({ jwt }), both)
  await refusesAll('OAuth', /oauth/, (options) => new OAuth(options), { ...both, takes: PLAIN })
  await refusesAll('JWT', /jwt/, (options) => new JWT(options), { ...both, takes: PLAIN })
  for (const name of ['clientId', 'clientSecret', 'refreshToken', 'accessToken', 'account']) {
    const oauth = { clientId: 'client-1', clientSecret: MARKER }
    await refusesAll(name, /oauth/, (value) => new APIClient({ oauth: { ...oauth, [name]: value } }), both)
  }
  const secret = { secret: MARKER, subject: 'user-1', issuer: 'mine' }
  for (const name of ['secret', 'subject', 'issuer']) {
    const takes = name === 'issuer' ? ['undefined'] : []
    await refusesAll(name, /jwt/, (value) => new APIClient({ jwt: { ...secret, [name]: value } }), { ...both, takes })
  }
  await refusesAll('ttl', /jwt.*ttl/, (ttl) => new APIClient({ jwt: { ...secret, ttl } }))
  const claims = { takes: [...PLAIN, 'object without prototype', 'own __proto__', 'map', 'bytes'] }
  await refusesAll('claims', /jwt/, (value) => new APIClient({ jwt: { ...secret, claims: value } }), claims)
  await refusesAll('apiToken', /apiToken|apiKey/, (apiToken) => new LibromiConnect({ apiToken }), both)
  const handle = sandbox.client()
  await refusesAll(
    'withCredentials',
    /options|`a`|`__proto__`|no credential/,
    (value) => handle.withCredentials(value),
    both,
  )
  await refusesAll('withOrganization', /organization/, (id) => handle.withOrganization(id), both)
  await refusesAll('rateLimit', /class/, (cls) => handle.rateLimit(cls), { values: { ...HOSTILE, null: null } })
})

test('an option of a call', async () => {
  const client = sandbox.client('linktor', { apiKey: MARKER, maxRetries: 0 })
  const call = (name) => (value) => client.put('/contacts/{a}', { pathParams: { a: '1' }, [name]: value })
  for (const name of NUMBERS.filter((name) => !/connect|Connections|Budget/.test(name))) {
    await refusesAll(name, new RegExp(name), call(name), { takes: ['one'] })
  }
  for (const name of ['contentType', 'idempotencyKey', 'organizationId', 'requestId']) {
    await refusesAll(name, new RegExp(name === 'organizationId' ? 'organization' : name), call(name))
  }
  await refusesAll('idempotent', /idempotent/, call('idempotent'), { takes: ['true'] })
  const falsy = { values: { ...HOSTILE, false: false, zero: 0, 'empty text': '' } }
  await refusesAll('signal', /signal/, call('signal'), falsy)
  await refusesAll('body', /body/, call('body'), { takes: ['bytes'] })
  const nothing = { values: { ...HOSTILE, null: null, false: false, zero: 0, 'empty text': '' } }
  const takes = [...PLAIN, 'object without prototype']
  for (const name of ['query', 'form']) await refusesAll(name, new RegExp(name), call(name), { ...nothing, takes })
  await refusesAll('pathParams', /pathParams|path parameter/, call('pathParams'), {
    ...nothing,
    takes: ['object without prototype'],
  })
  await refusesAll('headers', /headers/, call('headers'), { takes: [...takes, 'empty list', 'map'] })
  const unwritable = ['NaN', 'infinite', 'bigint', 'symbol', 'function', 'cyclic', 'proxy', 'getter']
  const values = Object.fromEntries(unwritable.map((kind) => [kind, HOSTILE[kind]]))
  await refusesAll('json', /json/, call('json'), { values })
  const { symbol, function: _, ...nested } = values
  await refusesAll('json.a', /json/, (value) => client.post('/contacts', { json: { a: value } }), { values: nested })
  await refusesAll('the options', /options|`a`|`__proto__`/, (value) => client.get('/me', value), { takes: PLAIN })
  await refusesAll('the options', /options/, (value) => client.get('/me', value), { values: { null: null, text: 'a' } })
})

test('a value by name', async () => {
  const client = sandbox.client('linktor', { apiKey: MARKER, maxRetries: 0 })
  const plain = ['negative', 'one', 'bigint', 'true']
  for (const name of ['query', 'form']) {
    const call = (value) => client.put('/contacts/1', { [name]: { a: value } })
    await refusesAll(name, new RegExp(`${name}: .a.`), call, { takes: [...plain, 'empty list', 'list'] })
    await refusesAll(name, new RegExp(`${name}: .a.`), (value) => call([value]), { takes: plain })
  }
  const call = (value) => client.get('/contacts/{a}', { pathParams: { a: value } })
  await refusesAll('pathParams', /pathParams: .a./, call, { values: { ...HOSTILE, ...FALSY }, takes: plain })
  await refusesAll('headers', /headers/, (value) => client.get('/me', { headers: { 'X-A': value } }))
})

test('a method, a path, a page', async () => {
  const client = sandbox.client('linktor', { apiKey: MARKER })
  const values = { ...HOSTILE, ...FALSY }
  for (const name of ['get', 'post', 'put', 'patch', 'delete']) {
    await refusesAll(name, /path/, (path) => client[name](path), { values })
  }
  await refusesAll('method', /method/, (method) => client.request(method, '/me'), { values: { ...HOSTILE, ...FALSY } })
  await refusesAll('paginate', /path/, (path) => client.paginate(path).pages().next(), { values })
  await refusesAll('paginate', /options|`a`|`__proto__`/, (value) => client.paginate('/contacts', value), {
    takes: PLAIN,
  })
})

test('an argument of the session', async () => {
  const urls = { baseUrl: sandbox.base_urls.api_v2, authUrl: sandbox.auth_urls.api_v2 }
  const { auth } = new APIClient({ ...urls, oauth: { clientId: 'client-1', clientSecret: MARKER } })
  for (const name of ['login', 'refresh', 'test']) {
    await refusesAll(name, /options|`a`|`__proto__`/, (value) => auth[name](value), { takes: PLAIN })
    await refusesAll(name, /signal/, (signal) => auth[name]({ signal }))
  }
  const uri = 'https://app.example.com/callback'
  const { 'half a surrogate pair': _, ...rest } = HOSTILE
  const values = { ...rest, ...FALSY }
  await refusesAll('scopes', /scope/, (scopes) => auth.authorizeUrl(scopes, uri), {
    values,
    takes: ['empty list', 'list'],
  })
  await refusesAll('a scope', /scope/, (scope) => auth.authorizeUrl([scope], uri), { values })
  await refusesAll('redirectUri', /redirectUri/, (value) => auth.authorizeUrl(['read'], value), { values })
  const request = auth.authorizeUrl(['read:users'], uri)
  await refusesAll('callback', /callback|call of auth/, (callback) => auth.exchangeCode(callback, request), { values })
  const consent = /request|call of auth/
  await refusesAll('request', consent, (value) => auth.exchangeCode('/callback?code=a', value), { values })
  for (const name of ['url', 'state', 'verifier', 'redirect_uri']) {
    const call = (value) => auth.exchangeCode('/callback?code=a', { ...request.toJSON(), [name]: value })
    await refusesAll(name, new RegExp(`${name}|${consent.source}`), call, { values })
  }
})

test('an argument of a JSON Web Token', async () => {
  const values = { ...HOSTILE, ...FALSY }
  const takes = [...PLAIN, 'object without prototype', 'own __proto__']
  await refusesAll('claims', /claims|arguments/, (claims) => jwt.sign(claims, MARKER), { values, takes })
  await refusesAll('secret', /secret|arguments/, (secret) => jwt.sign({}, secret), { values })
  const token = jwt.sign({ sub: 'ada' }, MARKER)
  await refusesAll('token', /token/, (value) => jwt.verify(value, MARKER), { values })
  await refusesAll('secret', /secret|arguments/, (secret) => jwt.verify(token, secret), { values })
  for (const name of ['expiresIn', 'issuer', 'now']) {
    const some = name === 'now' ? ['one', 'negative'] : []
    await refusesAll(name, new RegExp(name), (value) => jwt.sign({}, MARKER, { [name]: value }), { takes: some })
  }
  for (const name of ['leeway', 'issuer', 'now']) {
    const some = name === 'issuer' ? [] : ['one', 'negative']
    await refusesAll(name, new RegExp(name), (value) => jwt.verify(token, MARKER, { [name]: value }), { takes: some })
  }
  for (const call of [(value) => jwt.sign({}, MARKER, value), (value) => jwt.verify(token, MARKER, value)]) {
    await refusesAll('the options', /options|`a`|`__proto__`/, call, { takes: PLAIN })
  }
})

test('an argument of a webhook', async () => {
  const values = { ...HOSTILE, ...FALSY }
  const verifier = new Verifier('linktor', MARKER)
  const headers = webhooks.sign('linktor', '{}', MARKER)
  await refusesAll('scheme', /scheme|options/, (scheme) => new Verifier(scheme, MARKER), { values })
  await refusesAll('secret', /secret/, (secret) => new Verifier('linktor', secret), {
    values,
    takes: ['list', 'bytes'],
  })
  await refusesAll('a secret', /secret/, (secret) => new Verifier('linktor', [secret]), { values, takes: ['bytes'] })
  for (const name of ['tolerance', 'sizeLimit', 'now']) {
    const takes = name === 'now' ? ['one', 'negative'] : ['one']
    await refusesAll(name, new RegExp(name), (value) => new Verifier('linktor', MARKER, { [name]: value }), { takes })
  }
  await refusesAll('body', /body/, (body) => verifier.verify(body, headers), {
    values,
    takes: ['bytes', 'half a surrogate pair'],
  })
  await refusesAll('headers', /header/, (value) => verifier.verify('{}', value), { values })
  const signed = (value) => verifier.verify('{}', { ...headers, 'X-Linktor-Signature': value })
  await refusesAll('a header', /header/, signed, { values })
  await refusesAll('body', /body/, (body) => webhooks.sign('linktor', body, MARKER), { values, takes: ['bytes'] })
  await refusesAll('capacity', /capacity/, (capacity) => new webhooks.Deduplicator({ capacity }), { takes: ['one'] })
  const deduplicator = new webhooks.Deduplicator()
  for (const name of ['begin', 'commit', 'release']) {
    await refusesAll(name, /id/, (id) => deduplicator[name](id), { values })
  }
  for (const call of [
    (value) => new Verifier('linktor', MARKER, value),
    (value) => webhooks.sign('linktor', '', MARKER, value),
    (value) => new webhooks.Deduplicator(value),
  ]) {
    await refusesAll('the options', /options|`a`|`__proto__`/, call, { takes: PLAIN })
  }
})

test('what only a prototype has is no option, and harms none', async () => {
  const inherited = (options) => Object.create(options)
  assert.throws(() => new Linktor(inherited({ apiKey: MARKER })), /no credential/)
  assert.throws(() => new LibromiConnect(inherited({ apiToken: MARKER })), /no credential/)
  assert.throws(
    () => new APIClient({ oauth: inherited({ clientId: 'a', clientSecret: MARKER }) }),
    /clientId is missing/,
  )
  const own = Object.assign(inherited({ provider: 'api_v1' }), { apiKey: MARKER })
  assert.equal(new APIClient(own).provider, 'api_v2')
  assert.equal(new Linkit(own).provider, 'linkit')
  const limit = inherited({ limit: 1, window: 1000 })
  assert.throws(() => new Linktor({ apiKey: MARKER, limits: [limit] }), /limits: limit/)

  const client = sandbox.client()
  await client.post(
    '/contacts',
    Object.assign(inherited({ json: MARKER, timeout: 'soon', query: 7 }), { json: { name: 'Ada' } }),
  )
  await client.get('/me', inherited({ query: { a: 1 }, headers: { 'X-A': 'a' }, body: 'a' }))
  const [post, get] = await sandbox.journal()
  assert.deepEqual([post.query ?? '', get.query ?? '', new Map(get.headers).has('x-a')], ['', '', false])
  await sandbox.reset()
})

test('a closed client refuses every call', async () => {
  const client = sandbox.client('linktor', { email: 'ada@example.com', password: MARKER })
  const handle = client.withOrganization('org_1')
  client.close()
  for (const one of [client, handle]) {
    for (const call of [
      () => one.get('/me'),
      () => one.post('/contacts', { json: {} }),
      () => one.paginate('/contacts').pages().next(),
      () => one.auth.login(),
      () => one.auth.refresh(),
      () => one.auth.test(),
    ]) {
      await assert.rejects(call, ClientClosedError)
    }
  }
})

test('Bearer undefined is never sent', async () => {
  for (const answer of [undefined, null, '', {}, { token: undefined }, { token: null }, [], 7, NaN]) {
    await sandbox.reset()
    const client = sandbox.client('linktor', { tokenSource: () => answer, maxRetries: 0 })
    await assert.rejects(client.get('/me'), LinktorError)
    assert.deepEqual(await sandbox.journal(), [])
  }
})
