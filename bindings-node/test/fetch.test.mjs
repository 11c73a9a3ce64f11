// A `fetch` of the user's own: what mocks and recorders hang on.
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { createServer } from 'node:http'
import { createServer as createListener } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'

import {
  APIConnectionError,
  CallbackError,
  ClientClosedError,
  ConfigError,
  Linktor,
  NotFoundError,
  ProtocolError,
  RequestTimeoutError,
} from '@linktor/sdk'
import nodeFetch from 'node-fetch'
import * as undici from 'undici'

import { rejection, useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()
const OK = () => Response.json({ success: true, data: { id: 1 } })

function client(fetch, options = {}) {
  return new Linktor({ apiKey: 'lk_invented', baseUrl: 'https://api.example.com/v1', fetch, ...options })
}

/** The platform's `fetch`, and what it was asked. */
function recorder() {
  const requests = []
  const record = (url, init) => {
    requests.push({ url, ...init })
    return fetch(url, init)
  }
  return { requests, record }
}

/** What `fetch` is called with, once it is. */
function hanging() {
  const asked = []
  const calls = Promise.withResolvers ? Promise.withResolvers() : deferred()
  const fetch = (url, init) => {
    asked.push({ url, init })
    calls.resolve(init)
    return new Promise(() => {})
  }
  return { asked, fetch, called: calls.promise }
}

function deferred() {
  let resolve
  const promise = new Promise((one) => {
    resolve = one
  })
  return { promise, resolve }
}

/** Serves until the test is over; its origin. */
async function serve(t, listener) {
  const server = createServer(listener)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${server.address().port}`
}

test('a mock sees the signed request and answers it', async () => {
  const seen = []
  const mock = async (url, init) => {
    seen.push([url, init])
    return OK()
  }
  const response = await client(mock).post('/contacts', { json: { name: 'Ada' }, query: { page: 2 } })
  assert.deepEqual([response.status, response.data(), response.attempts], [200, { id: 1 }, 1])
  assert.equal(seen.length, 1)
  const [[url, { method, headers, body, redirect, signal, ...rest }]] = seen
  assert.deepEqual([url, method, redirect, rest], ['https://api.example.com/v1/contacts?page=2', 'POST', 'manual', {}])
  assert.equal(new Headers(headers).get('authorization'), 'Bearer lk_invented')
  assert.deepEqual(JSON.parse(Buffer.from(body).toString()), { name: 'Ada' })
  assert.ok(signal instanceof AbortSignal && !signal.aborted)
})

for (const [name, fetch] of [
  ['the platform', globalThis.fetch],
  ['undici', undici.fetch],
  ['node-fetch', nodeFetch],
]) {
  test(`fetch of ${name} sends and receives the same as the client's own transport`, async () => {
    const binary = Uint8Array.from({ length: 512 }, (_, at) => at % 256)
    await sandbox.script(
      { json: { success: true, data: { name: 'Zoë' } } },
      { body_base64: Buffer.from(binary).toString('base64'), headers: { 'X-Name': 'é' } },
      { status: 204 },
      { body: '' },
      { headers: { 'Set-Cookie': ['a=1', 'b=2'] }, body: 'text' },
      { status: 503, headers: { 'Retry-After': '0' } },
      { json: {} },
      { status: 404, json: { error: 'gone' } },
    )
    const mine = sandbox.client('linktor', { fetch })
    assert.deepEqual((await mine.post('/contacts', { json: { name: 'Zoë' } })).data(), { name: 'Zoë' })
    const bytes = await mine.put('/contacts/1', { body: binary, contentType: 'application/octet-stream' })
    assert.deepEqual([...bytes.bytes()], [...binary])
    const empty = await mine.delete('/contacts/1')
    assert.deepEqual([empty.status, empty.text(), empty.json()], [204, '', null])
    assert.equal((await mine.get('/contacts/1')).data(), null)
    const cookies = await mine.request('GET', '/me')
    assert.equal(cookies.text(), 'text')
    if (name !== 'node-fetch') assert.deepEqual(cookies.headers.getSetCookie(), ['a=1', 'b=2'])
    assert.equal((await mine.get('/me')).attempts, 2)
    assert.ok((await rejection(mine.get('/contacts/1'))) instanceof NotFoundError)
    const [post, put] = await sandbox.journal()
    assert.equal(post.body, '{"name":"Zoë"}')
    assert.equal(put.body_base64, Buffer.from(binary).toString('base64'))
  })
}

test('a body that is compressed is decompressed once', async (t) => {
  const text = JSON.stringify({ success: true, data: 'x'.repeat(10_000) })
  const origin = await serve(t, (_, response) => {
    response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' }).end(gzipSync(text))
  })
  const options = { apiKey: 'lk_invented', baseUrl: origin }
  for (const fetch of [globalThis.fetch, undici.fetch, nodeFetch]) {
    assert.equal((await new Linktor({ ...options, fetch }).get('/me')).text(), text)
  }
})

test('an agent of undici mocks by its dispatcher', async () => {
  const agent = new undici.MockAgent()
  agent.disableNetConnect()
  const pool = agent.get('https://api.example.com')
  pool.intercept({ path: '/v1/me' }).reply(503, '', { headers: { 'retry-after': '0' } })
  pool.intercept({ path: '/v1/me' }).reply(200, { success: true, data: { id: 7 } })
  pool.intercept({ path: '/v1/me' }).replyWithError(Object.assign(new Error('cut'), { code: 'ECONNRESET' }))
  const mocked = client((url, init) => undici.fetch(url, { ...init, dispatcher: agent }))
  const response = await mocked.get('/me')
  assert.deepEqual([response.data(), response.attempts], [{ id: 7 }, 2])
  const cut = await rejection(mocked.get('/me', { maxRetries: 0 }))
  assert.deepEqual([cut.kind, cut.sent], ['connection', 'maybe'])
  // A mock that was not told what to answer is the test's own fault, and no failure of the network.
  const unmocked = await rejection(mocked.get('/elsewhere'))
  assert.ok(unmocked instanceof CallbackError)
  assert.equal(unmocked.attempts, 1)
  await agent.close()
})

test('handles and renewals send through the fetch of their client', async () => {
  const { requests, record } = recorder()
  const { email, password, api_key } = sandbox.credentials.linktor
  const root = sandbox.client('linktor', { email, password, fetch: record })
  await root.get('/me')
  await root.withOrganization('org_1').get('/me')
  await root.withCredentials({ tokenSource: () => api_key }).get('/me')
  await sandbox.control('expire', { family: 'linktor' })
  assert.equal((await root.get('/me')).attempts, 2)
  const paths = requests.map(({ url }) => url.slice(url.lastIndexOf('/')))
  assert.deepEqual(paths, ['/login', '/me', '/me', '/me', '/me', '/refresh', '/me'])
})

test('a redirect is the pipeline’s: one fetch a hop within the base, and none to anywhere else', async (t) => {
  const { requests, record } = recorder()
  await sandbox.script({ redirect: '~/contacts' }, { json: { success: true, data: [] } })
  const mine = sandbox.client('linktor', { fetch: record })
  assert.deepEqual((await mine.get('/me')).data(), [])
  assert.deepEqual(
    requests.map(({ url }) => url.slice(url.lastIndexOf('/'))),
    ['/me', '/contacts'],
  )
  const heard = []
  const elsewhere = await serve(t, (request, response) => {
    heard.push(request.headers)
    response.end()
  })
  await sandbox.script({ redirect: `${elsewhere}/me` })
  const error = await rejection(mine.get('/me'))
  assert.ok(error instanceof ProtocolError)
  assert.equal(error.code, 'redirect_refused')
  assert.deepEqual(heard, [])
  assert.equal(requests.length, 3)
})

test('failures of the network are known by real sockets', async (t) => {
  const reset = createListener((socket) => socket.once('data', () => socket.resetAndDestroy()))
  await new Promise((resolve) => reset.listen(0, '127.0.0.1', resolve))
  t.after(() => reset.close())
  const half = await serve(t, (_, response) => {
    response.writeHead(200, { 'Content-Length': '100' }).write('half')
    setTimeout(() => response.destroy(), 20)
  })
  const closed = createListener()
  await new Promise((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const nobody = closed.address().port
  await new Promise((resolve) => closed.close(resolve))
  const cases = [
    [`http://127.0.0.1:${nobody}`, 'no'],
    ['http://nobody.invalid', 'no'],
    [`https://127.0.0.1:${reset.address().port}`, undefined],
    [`http://127.0.0.1:${reset.address().port}`, 'maybe'],
    [half, 'maybe'],
  ]
  for (const fetch of [globalThis.fetch, undici.fetch, nodeFetch]) {
    for (const [baseUrl, sent] of cases) {
      const mine = client(fetch, { baseUrl, allowInsecureHttp: true, maxRetries: 1, maxRetryWait: 1 })
      const error = await rejection(mine.get('/me'))
      assert.ok(error instanceof APIConnectionError, `${baseUrl}: ${error.stack} ${error.cause?.stack}`)
      assert.equal(error.attempts, 2, baseUrl)
      if (sent) assert.equal(error.sent, sent, `${baseUrl}: ${error.cause?.stack}`)
      assert.ok(error.cause instanceof Error)
    }
  }
})

const coded = (code, more) => Object.assign(new Error('no'), { code, ...more })
const failed = (cause) => new TypeError('fetch failed', { cause })

for (const [name, thrown, kind, sent, attempts] of [
  ['a connection that was refused', coded('ECONNREFUSED'), APIConnectionError, 'no', 2],
  ['a name that is not known', failed(coded('ENOTFOUND', { syscall: 'getaddrinfo' })), APIConnectionError, 'no', 2],
  ['a certificate that is not trusted', failed(coded('DEPTH_ZERO_SELF_SIGNED_CERT')), APIConnectionError, 'no', 2],
  ['a chain that is not whole', coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), APIConnectionError, 'no', 2],
  ['no TLS', failed(coded('ERR_SSL_WRONG_VERSION_NUMBER')), APIConnectionError, 'no', 2],
  ['a connection that was reset', coded('ECONNRESET'), APIConnectionError, 'maybe', 2],
  ['a reset while connecting', coded('ECONNRESET', { syscall: 'connect' }), APIConnectionError, 'no', 2],
  ['a socket that closed', failed(coded('UND_ERR_SOCKET')), APIConnectionError, 'maybe', 2],
  ['what an engine says without a cause', new TypeError('Failed to fetch'), APIConnectionError, 'maybe', 2],
  ['no connection in time', failed(coded('UND_ERR_CONNECT_TIMEOUT')), RequestTimeoutError, 'no', 2],
  [
    'no address in time',
    failed(Object.assign(new AggregateError([coded('ETIMEDOUT', { syscall: 'connect' })]), { code: 'ETIMEDOUT' })),
    RequestTimeoutError,
    'no',
    2,
  ],
  ['no headers in time', failed(coded('UND_ERR_HEADERS_TIMEOUT')), RequestTimeoutError, 'maybe', 2],
  ['a time of its own', new DOMException('late', 'TimeoutError'), RequestTimeoutError, 'maybe', 2],
  ['a defect', new TypeError('x is not a function'), CallbackError, 'maybe', 1],
  ['a mock’s assertion', new assert.AssertionError({ message: 'no' }), CallbackError, 'maybe', 1],
  ['an end of its own', new DOMException('no', 'AbortError'), CallbackError, 'maybe', 1],
  ['a text', 'ECONNRESET', CallbackError, 'maybe', 1],
  ['nothing', undefined, CallbackError, 'maybe', 1],
  [
    'an error that cannot be looked at',
    Object.defineProperty({}, 'code', { get: () => assert.fail() }),
    CallbackError,
    'maybe',
    1,
  ],
  ['an error that is its own cause', circular(), CallbackError, 'maybe', 1],
]) {
  test(`what fetch throws is the cause: ${name}`, async () => {
    for (const fetch of [
      () => {
        throw thrown
      },
      () => Promise.reject(thrown),
    ]) {
      const error = await rejection(client(fetch, { maxRetries: 1, maxRetryWait: 1 }).get('/me'))
      assert.ok(error instanceof kind, `${error.stack}`)
      assert.deepEqual([error.sent, error.attempts], [sent, attempts])
      assert.ok(Object.hasOwn(error, 'cause') && error.cause === thrown)
    }
  })
}

function circular() {
  const error = new Error('round')
  error.cause = error
  return error
}

test('what is no response is a callback error whose cause says what there must be', async () => {
  const ok = { status: 200, headers: new Headers(), arrayBuffer: async () => new ArrayBuffer(0) }
  assert.equal((await client(async () => ok).get('/me')).status, 200)
  for (const junk of [
    undefined,
    null,
    7,
    'text',
    {},
    Response.error(),
    { ...ok, status: undefined },
    { ...ok, status: 0 },
    { ...ok, status: 99 },
    { ...ok, status: 600 },
    { ...ok, status: 200.5 },
    { ...ok, status: '200' },
    { ...ok, status: NaN },
    { ...ok, headers: undefined },
    { ...ok, headers: { 'Content-Type': 'text/plain' } },
    { ...ok, headers: [7] },
    { ...ok, headers: 'a: b' },
    { ...ok, arrayBuffer: undefined },
    { ...ok, arrayBuffer: async () => undefined },
    { ...ok, arrayBuffer: async () => 1_000_000_000 },
    { ...ok, arrayBuffer: async () => 'text' },
  ]) {
    const error = await rejection(client(async () => junk).get('/me'))
    assert.ok(error instanceof CallbackError, `${error.stack}`)
    assert.ok(error.cause instanceof TypeError, `${error.cause}`)
    assert.equal(error.attempts, 1)
  }
  for (const headers of [[['bad name', 'x']], [['a', 'x\ny']], [['a', '\u2603']], [['', 'x']]]) {
    const error = await rejection(client(async () => ({ ...ok, headers })).get('/me'))
    assert.ok(error instanceof CallbackError)
    assert.match(error.cause.message, /header that cannot be one/)
  }
})

test('a body that breaks fails as its failure says', async () => {
  const broken = (error) => ({ status: 200, headers: [], arrayBuffer: () => Promise.reject(error) })
  const cut = await rejection(
    client(async () => broken(new TypeError('terminated')), { maxRetries: 1, maxRetryWait: 1 }).get('/me'),
  )
  assert.deepEqual([cut.kind, cut.sent, cut.attempts], ['connection', 'maybe', 2])
  assert.ok((await rejection(client(async () => broken(new RangeError('own'))).get('/me'))) instanceof CallbackError)
})

test('an answer over 64 MiB is refused', async () => {
  const large = async () => new Response(new Uint8Array(64 * 2 ** 20 + 1))
  const error = await rejection(client(large).get('/me'))
  assert.deepEqual([error.kind, error.code], ['protocol', 'body_too_large'])
})

test('of a body that is too large no more is read than to the limit', async () => {
  let read = 0
  let isCancelled = false
  const endless = async () => {
    const pull = (controller) => {
      read += 2 ** 20
      controller.enqueue(new Uint8Array(2 ** 20))
    }
    const cancel = () => {
      isCancelled = true
    }
    return new Response(new ReadableStream({ pull, cancel }, { highWaterMark: 0 }))
  }
  const error = await rejection(client(endless).get('/me'))
  assert.deepEqual([error.kind, error.code, isCancelled], ['protocol', 'body_too_large', true])
  assert.ok(read <= 66 * 2 ** 20, `${read} bytes`)
})

test('a fetch that never settles meets the timeout, and hears that nobody waits', async () => {
  const { asked, fetch } = hanging()
  const error = await rejection(client(fetch, { timeout: 100, maxRetries: 1, maxRetryWait: 0 }).get('/me'))
  assert.ok(error instanceof RequestTimeoutError)
  assert.equal(error.attempts, 2)
  assert.equal(asked.length, 2)
  await Promise.all(asked.map(({ init }) => aborted(init.signal)))
  assert.equal(asked[0].init.signal.reason.name, 'AbortError')
})

test('the caller’s signal aborts that of fetch', async () => {
  const { fetch, called } = hanging()
  const controller = new AbortController()
  const call = rejection(client(fetch).get('/me', { signal: controller.signal }))
  const { signal } = await called
  const reason = new Error('enough')
  controller.abort(reason)
  assert.equal(await call, reason)
  await aborted(signal)
})

test('close ends a call that waits for fetch', async () => {
  const { fetch, called } = hanging()
  const mine = client(fetch)
  const call = rejection(mine.get('/me'))
  const { signal } = await called
  mine.close()
  assert.ok((await call) instanceof ClientClosedError)
  await aborted(signal)
})

test('the platform’s fetch ends on the wire with its call', async () => {
  await sandbox.script({ delay_ms: 10_000 })
  const mine = sandbox.client('linktor', { fetch: globalThis.fetch })
  await rejection(mine.get('/me', { signal: AbortSignal.timeout(100) }))
  const [entry] = await sandbox.journalWhen(([entry]) => entry?.aborted)
  assert.equal(entry.status, null)
})

test('an answer that comes too late disturbs nobody', async () => {
  const late = deferred()
  const { fetch, called } = hanging()
  const mine = client((url, init) => Promise.race([fetch(url, init), late.promise]))
  const call = rejection(mine.get('/me', { timeout: 50, maxRetries: 0 }))
  await aborted((await called).signal)
  late.resolve({ status: 200, headers: [], arrayBuffer: async () => new ArrayBuffer(0) })
  assert.ok((await call) instanceof RequestTimeoutError)
  assert.equal((await mine.get('/me')).status, 200)
})

test('each fetch runs in the async context of its call', async () => {
  const context = new AsyncLocalStorage()
  const seen = []
  const mine = client(async () => {
    await null
    seen.push(context.getStore())
    return seen.length === 1 ? new Response(null, { status: 503, headers: { 'Retry-After': '0' } }) : OK()
  })
  await context.run('a', () => mine.get('/me'))
  assert.deepEqual(seen.splice(0), ['a', 'a'])
  seen.push('asked')
  await Promise.all(['b', 'c', 'd'].map((name) => context.run(name, () => mine.get('/me'))))
  assert.deepEqual(seen.sort(), ['asked', 'b', 'c', 'd'])
})

test('a fetch may call its own client for other paths, and other clients', async () => {
  const other = sandbox.client()
  const calls = []
  const mine = sandbox.client('linktor', {
    fetch: async (url, init) => {
      calls.push(url.slice(url.lastIndexOf('/')))
      if (url.endsWith('/me')) await Promise.all([mine.get('/contacts'), other.get('/users')])
      return fetch(url, init)
    },
  })
  assert.equal((await mine.get('/me')).status, 200)
  assert.deepEqual(calls, ['/me', '/contacts'])
})

test('a fetch that asks for a token of the renewal that it sends gets an error, not a deadlock', async () => {
  const { email, password } = sandbox.credentials.linktor
  const mine = sandbox.client('linktor', {
    email,
    password,
    deadline: 5_000,
    fetch: async (url, init) => {
      if (url.endsWith('/login')) await mine.get('/me')
      return fetch(url, init)
    },
  })
  const error = await rejection(mine.get('/me'))
  assert.ok(error instanceof CallbackError, `${error.stack}`)
  assert.equal(error.cause.kind, 'config')
})

test('options that do not go with a fetch are refused', () => {
  for (const [options, said] of [
    [{ fetch: 7 }, /^fetch must be a function/],
    [{ fetch: null }, /^fetch must be a function/],
    [{ fetch, proxy: 'http://proxy.example:8080' }, /proxy/],
    [{ fetch, rootCertificates: 'pem' }, /rootCertificates/],
  ]) {
    assert.throws(
      () => new Linktor({ apiKey: 'lk_invented', ...options }),
      (error) => error instanceof ConfigError && said.test(error.message),
    )
  }
  assert.equal(new Linktor({ apiKey: 'lk_invented', fetch: undefined }).provider, 'linktor')
})

/** Once `signal` has aborted. */
function aborted(signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(() => reject(new Error('it never aborted')), 5_000)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
