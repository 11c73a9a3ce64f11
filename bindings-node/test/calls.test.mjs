import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'

import * as sdk from '@linktor/sdk'

import { rejection, useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()

test('a response holds status, headers, body, request id and attempts', async () => {
  await sandbox.script({ status: 201, headers: { 'X-Two': ['a', 'b'], 'X-Request-ID': 'req-7' }, json: { data: [1] } })
  const response = await sandbox.client().post('/contacts', { json: { name: 'Ada' } })
  assert.equal(response.status, 201)
  assert.equal(response.headers.get('x-TWO'), 'a, b')
  assert.equal(response.requestId, 'req-7')
  assert.equal(response.attempts, 1)
  assert.equal(response.text(), '{"data":[1]}')
  assert.deepEqual([...response.bytes()], [...Buffer.from('{"data":[1]}')])
  assert.deepEqual(response.data(), [1])
})

test('text beyond ASCII is whole, and so is its payload', async () => {
  const told = { success: true, data: { greeting: 'Olá, 世界 👋' } }
  await sandbox.script({ json: told })
  const response = await sandbox.client().get('/me')
  assert.deepEqual(response.json(), told)
  assert.deepEqual(response.data(), told.data)
  assert.deepEqual(JSON.parse(Buffer.from(response.bytes())), told)
})

test('a body that is not UTF-8 has bytes, and no text', async () => {
  await sandbox.script({ body_base64: Buffer.from([0xff, 0x00, 0xfe]).toString('base64') })
  const response = await sandbox.client().get('/me')
  assert.deepEqual([...response.bytes()], [0xff, 0x00, 0xfe])
  for (const read of ['text', 'json', 'data']) {
    assert.throws(
      () => response[read](),
      (error) => error instanceof sdk.DecodeError && error.status === 200 && error.requestId === response.requestId,
    )
  }
})

test('a body that is not JSON is a decode error that shows none of it', async () => {
  await sandbox.script({ body: '<html>hello</html>' })
  const error = await rejection(
    sandbox
      .client()
      .get('/me')
      .then((response) => response.json()),
  )
  assert.ok(error instanceof sdk.DecodeError)
  assert.equal(error.body, '<html>hello</html>')
  assert.ok(!inspect(error).includes('hello'))
})

test('no content reads as null', async () => {
  await sandbox.script({ status: 204 })
  const response = await sandbox.client().delete('/contacts/{id}', { pathParams: { id: 7 } })
  assert.equal(response.json(), null)
  assert.equal(response.data(), null)
  assert.equal(response.text(), '')
})

test('query and form leave out what is not there, and repeat lists', async () => {
  await sandbox.script({ json: {} }, { json: {} }, { json: {} })
  const values = { a: [1, 2n, 'x y'], b: true, c: null, d: undefined, e: 0.5 }
  const client = sandbox.client()
  await client.get('/contacts', { query: values })
  await client.post('/contacts', { form: values })
  await client.get('/contacts', { query: new URLSearchParams('a=1&a=2') })
  const [get, post, search] = await sandbox.journal()
  assert.deepEqual(new URLSearchParams(get.query).getAll('a'), ['1', '2', 'x y'])
  assert.equal(new URLSearchParams(get.query).get('b'), 'true')
  assert.equal(post.body, 'a=1&a=2&a=x+y&b=true&e=0.5')
  assert.equal(new Map(post.headers).get('content-type'), 'application/x-www-form-urlencoded')
  assert.equal(search.query, 'a=1&a=2')
})

test('bytes go as they are', async () => {
  await sandbox.script({ json: {} })
  const bytes = Uint8Array.of(0xff, 0, 1).subarray(0, 2)
  await sandbox.client().put('/contacts/1', { body: bytes, contentType: 'application/octet-stream' })
  const [entry] = await sandbox.journal()
  assert.equal(entry.body_base64, Buffer.from(bytes).toString('base64'))
  assert.equal(new Map(entry.headers).get('content-type'), 'application/octet-stream')
})

test('a request that cannot be written is refused before anything is sent', async () => {
  const client = sandbox.client()
  const circular = {}
  circular.self = circular
  const refused = {
    json: [NaN, { a: [Infinity] }, 1n, circular, () => {}, Symbol('no')],
    body: [{}, 7, new Date()],
    query: ['a=b', { a: {} }, { a: NaN }],
    form: [{ a: [{}] }],
    pathParams: [{ id: undefined }, { id: null }, { id: {} }],
    headers: ['a: b', { a: 7 }, { a: 1n }],
    idempotencyKey: [7],
    idempotent: ['yes'],
    nonsense: [3],
    organizationId: [7n],
    requestId: [7, 7n],
    signal: [{}],
  }
  for (const [name, values] of Object.entries(refused)) {
    for (const value of values) {
      const error = await rejection(client.post('/contacts/{id}', { pathParams: { id: 1 }, [name]: value }))
      assert.ok(error instanceof sdk.InvalidRequestError, `${name}: ${inspect(value)} → ${error}`)
      assert.equal(error.sent, 'no')
    }
  }
  const two = await rejection(client.post('/contacts', { json: {}, body: '' }))
  assert.match(two.message, /json and body/)
  for (const path of [undefined, 7, '/contacts/{id}']) {
    assert.ok((await rejection(client.get(path))) instanceof sdk.InvalidRequestError)
  }
  for (const options of [null, 'text']) {
    assert.ok((await rejection(client.get('/me', options))) instanceof sdk.InvalidRequestError)
  }
  assert.ok((await rejection(client.request('BREW', '/tea'))) instanceof sdk.InvalidRequestError)
  for (const name of ['timeout', 'maxRetries', 'maxRetryWait']) {
    const error = await rejection(client.get('/me', { [name]: NaN }))
    assert.ok(error instanceof sdk.ConfigError)
    assert.match(error.message, new RegExp(`^${name} `))
  }
  assert.deepEqual(await sandbox.journal(), [])
})

test('an error has its class, and tells all that is known', async () => {
  const error = await rejection(sandbox.client('linktor', { apiKey: 'lk_invented' }).get('/me'))
  assert.ok(error instanceof sdk.AuthenticationError)
  assert.ok(error instanceof sdk.APIError && error instanceof sdk.LinktorError && error instanceof Error)
  assert.equal(error.name, 'AuthenticationError')
  assert.equal(error.kind, 'authentication')
  assert.equal(error.status, 401)
  assert.equal(error.method, 'GET')
  assert.match(error.requestId, /-7/)
  assert.match(error.body, /TOKEN_INVALID/)
  assert.match(error.stack, /calls\.test\.mjs/)
})

test('every status has its class', async () => {
  const classes = {
    400: 'ValidationError',
    401: 'AuthenticationError',
    402: 'QuotaExceededError',
    403: 'PermissionDeniedError',
    404: 'NotFoundError',
    409: 'ConflictError',
    418: 'APIError',
    422: 'ValidationError',
    429: 'RateLimitError',
    500: 'ServerError',
  }
  const client = sandbox.client('linktor', { maxRetries: 0, pacing: 'off' })
  for (const [status, name] of Object.entries(classes)) {
    await sandbox.script({ status: Number(status), headers: { 'Retry-After': '7' }, body: '' })
    const error = await rejection(client.get('/me'))
    assert.equal(error.name, name, status)
    assert.equal(error.constructor.name, name)
    if (status === '429') assert.equal(error.retryAfter, 7)
  }
})

test('failures without an answer have their class', async () => {
  await sandbox.script({ reset: true }, { delay_ms: 5000 }, { delay_ms: 5000 }, { body: 'x', truncate: true })
  const client = sandbox.client('linktor', { maxRetries: 0 })
  assert.ok((await rejection(client.get('/me'))) instanceof sdk.APIConnectionError)
  assert.ok((await rejection(client.get('/me', { timeout: 50 }))) instanceof sdk.RequestTimeoutError)
  assert.ok((await rejection(client.get('/me', { deadline: 50 }))) instanceof sdk.RequestTimeoutError)
  assert.ok((await rejection(client.get('/me'))) instanceof sdk.ProtocolError)
})

test('an aborted call rejects at once with the reason, and ends on the wire', async () => {
  await sandbox.script({ delay_ms: 10_000 })
  const controller = new AbortController()
  const call = rejection(sandbox.client().get('/me', { signal: controller.signal }))
  await sandbox.journalWhen((entries) => entries.length === 1)
  const reason = new Error('changed my mind')
  const began = performance.now()
  controller.abort(reason)
  assert.equal(await call, reason)
  assert.ok(performance.now() - began < 50)
  await sandbox.journalWhen(([entry]) => entry.aborted)
  await sleep(100)
  const entries = await sandbox.journal()
  assert.equal(entries.length, 1)
  assert.equal(entries[0].status, null)
})

test('a signal that has aborted before sends nothing', async () => {
  const error = await rejection(sandbox.client().get('/me', { signal: AbortSignal.abort() }))
  assert.equal(error.name, 'AbortError')
  assert.deepEqual(await sandbox.journal(), [])
})

test('AbortSignal.timeout ends a call', async () => {
  await sandbox.script({ delay_ms: 10_000 })
  const error = await rejection(sandbox.client().get('/me', { signal: AbortSignal.timeout(50) }))
  assert.equal(error.name, 'TimeoutError')
})

test('one signal serves many calls, and is let go of', async () => {
  const warnings = []
  const warned = (warning) => warnings.push(warning)
  process.on('warning', warned)
  const controller = new AbortController()
  const client = sandbox.client()
  let listeners = 0
  const { addEventListener, removeEventListener } = controller.signal
  controller.signal.addEventListener = (...args) => {
    listeners++
    addEventListener.apply(controller.signal, args)
  }
  controller.signal.removeEventListener = (...args) => {
    listeners--
    removeEventListener.apply(controller.signal, args)
  }
  await Promise.all(Array.from({ length: 100 }, () => client.get('/me', { signal: controller.signal })))
  assert.equal(listeners, 0)
  await sandbox.script(...Array.from({ length: 50 }, () => ({ delay_ms: 10_000 })))
  const calls = Array.from({ length: 50 }, () => rejection(client.get('/me', { signal: controller.signal })))
  setTimeout(() => controller.abort(), 50)
  const errors = await Promise.all(calls)
  assert.ok(errors.every((error) => error.name === 'AbortError'))
  await sleep(10)
  process.off('warning', warned)
  assert.deepEqual(warnings, [])
})

test('close ends calls in flight and later ones', async () => {
  await sandbox.script({ delay_ms: 10_000 })
  const client = sandbox.client()
  const call = rejection(client.get('/me'))
  await sandbox.journalWhen((entries) => entries.length === 1)
  client.close()
  assert.ok((await call) instanceof sdk.ClientClosedError)
  assert.ok((await rejection(client.get('/me'))) instanceof sdk.ClientClosedError)
  const other = sandbox.client()
  await other[Symbol.asyncDispose]()
  assert.ok((await rejection(other.get('/me'))) instanceof sdk.ClientClosedError)
})

test('500 concurrent calls get their own answers', async () => {
  const client = sandbox.client()
  const names = Array.from({ length: 500 }, (_, at) => `contact ${at} ${'ü'.repeat(at % 3)}`)
  const created = await Promise.all(names.map((name) => client.post('/contacts', { json: { name } })))
  assert.deepEqual(
    created.map((response) => response.data().name),
    names,
  )
  const ids = created.map((response) => response.data().id)
  const read = await Promise.all(ids.map((id) => client.get('/contacts/{id}', { pathParams: { id } })))
  assert.deepEqual(
    read.map((response) => response.data().name),
    names,
  )
  assert.equal(new Set(read.map((response) => response.requestId)).size, 500)
})

test('what is no whole signal is refused, and loses no other call', async () => {
  const client = sandbox.client()
  const half = { aborted: false, addEventListener() {} }
  const [refused, other] = await Promise.allSettled([client.get('/me', { signal: half }), client.get('/me')])
  assert.match(refused.reason.message, /^signal must be an AbortSignal/)
  assert.equal(other.value.status, 200)
})
