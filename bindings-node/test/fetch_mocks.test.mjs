// What users' tests mock the network with: each takes over the platform's `fetch`.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'

import { APIConnectionError, Linktor, NotFoundError, ProtocolError, RequestTimeoutError } from '@linktor/sdk'
import { delay, HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import nock from 'nock'

import { rejection } from './sandbox.mjs'

const BASE = 'https://api.example.com/v1'
/** `fetch` is looked up when it is called: mocks put their own in its place. */
const client = (options) =>
  new Linktor({
    apiKey: 'lk_invented',
    baseUrl: BASE,
    fetch: (url, init) => fetch(url, init),
    maxRetryWait: 1,
    ...options,
  })

describe('MSW', () => {
  const server = setupServer()
  before(() => server.listen({ onUnhandledRequest: 'error' }))
  afterEach(() => server.resetHandlers())
  after(() => server.close())

  test('a mocked answer is a response', async () => {
    const seen = []
    server.use(
      http.post(`${BASE}/contacts`, async ({ request }) => {
        seen.push([request.headers.get('authorization'), await request.json()])
        return HttpResponse.json({ success: true, data: { id: 7 } }, { status: 201 })
      }),
    )
    const response = await client().post('/contacts', { json: { name: 'Ada' } })
    assert.deepEqual([response.status, response.data()], [201, { id: 7 }])
    assert.deepEqual(seen, [['Bearer lk_invented', { name: 'Ada' }]])
  })

  test('answers of every kind come through', async () => {
    server.use(
      http.get(`${BASE}/text`, () => HttpResponse.text('plain')),
      http.get(`${BASE}/bytes`, () => HttpResponse.arrayBuffer(Uint8Array.of(0, 255, 128).buffer)),
      http.get(`${BASE}/nothing`, () => new HttpResponse(null, { status: 204 })),
      http.get(`${BASE}/cookies`, () => {
        return new HttpResponse('', {
          headers: [
            ['Set-Cookie', 'a=1'],
            ['Set-Cookie', 'b=2'],
          ],
        })
      }),
      http.get(`${BASE}/nobody`, () => HttpResponse.json({ error: 'gone' }, { status: 404 })),
    )
    const mine = client()
    assert.equal((await mine.get('/text')).text(), 'plain')
    assert.deepEqual([...(await mine.get('/bytes')).bytes()], [0, 255, 128])
    assert.equal((await mine.get('/nothing')).json(), null)
    assert.deepEqual((await mine.get('/cookies')).headers.getSetCookie(), ['a=1', 'b=2'])
    assert.ok((await rejection(mine.get('/nobody'))) instanceof NotFoundError)
  })

  test('a mocked failure of the network is tried again as one', async () => {
    let asked = 0
    server.use(http.get(`${BASE}/me`, () => (++asked < 3 ? HttpResponse.error() : HttpResponse.json({ data: 1 }))))
    assert.equal((await client().get('/me')).attempts, 3)
    asked = -10
    const error = await rejection(client().get('/me', { maxRetries: 1 }))
    assert.ok(error instanceof APIConnectionError)
    assert.deepEqual([error.attempts, error.sent], [2, 'maybe'])
  })

  test('a 503 with a hint is tried again, and a redirect elsewhere refused', async () => {
    let asked = 0
    server.use(
      http.get(`${BASE}/me`, () => {
        if (asked++ === 0) return new HttpResponse(null, { status: 503, headers: { 'Retry-After': '0' } })
        return HttpResponse.json({ data: 1 })
      }),
      http.get(`${BASE}/away`, () => HttpResponse.redirect('https://elsewhere.example/')),
    )
    assert.equal((await client().get('/me')).attempts, 2)
    const error = await rejection(client().get('/away'))
    assert.ok(error instanceof ProtocolError)
    assert.equal(error.code, 'redirect_refused')
  })

  test('a mock that is late meets the timeout', async () => {
    server.use(
      http.get(`${BASE}/me`, async () => {
        await delay(2_000)
        return HttpResponse.json({})
      }),
    )
    const error = await rejection(client({ timeout: 100, maxRetries: 0 }).get('/me'))
    assert.ok(error instanceof RequestTimeoutError)
  })

  test('the mocks of a boundary are those of the calls within it', async () => {
    const mine = client()
    const answering = (data) => async () => {
      server.use(http.get(`${BASE}/me`, () => HttpResponse.json({ success: true, data })))
      await delay(10)
      return (await mine.get('/me')).data()
    }
    const answers = await Promise.all([1, 2, 3].map((data) => server.boundary(answering(data))()))
    assert.deepEqual(answers, [1, 2, 3])
  })
})

describe('nock', () => {
  before(() => nock.disableNetConnect())
  afterEach(() => nock.cleanAll())
  after(() => {
    nock.enableNetConnect()
    nock.restore()
  })
  const api = () => nock(BASE, { reqheaders: { authorization: 'Bearer lk_invented' } })

  test('a mocked answer is a response', async () => {
    const scope = api()
      .post('/contacts?page=2', { name: 'Ada' })
      .reply(201, { success: true, data: { id: 7 } })
    const response = await client().post('/contacts', { json: { name: 'Ada' }, query: { page: 2 } })
    assert.deepEqual([response.status, response.data()], [201, { id: 7 }])
    scope.done()
  })

  test('retries, errors and failures of the network are the client’s', async () => {
    const scope = api()
    scope.get('/me').reply(503, '', { 'Retry-After': '0' })
    scope.get('/me').replyWithError(Object.assign(new Error('cut'), { code: 'ECONNRESET' }))
    scope.get('/me').reply(200, { success: true, data: 1 })
    assert.equal((await client().get('/me')).attempts, 3)
    scope.get('/nobody').reply(404, { error: 'gone' })
    assert.ok((await rejection(client().get('/nobody'))) instanceof NotFoundError)
    scope.get('/me').replyWithError(Object.assign(new Error('nobody there'), { code: 'ECONNREFUSED' }))
    const refused = await rejection(client({ maxRetries: 0 }).get('/me'))
    assert.deepEqual([refused.kind, refused.sent], ['connection', 'no'])
    scope.done()
  })

  test('a mock that is late meets the timeout', async () => {
    api().get('/me').delay(2_000).reply(200, {})
    const error = await rejection(client({ timeout: 100, maxRetries: 0 }).get('/me'))
    assert.ok(error instanceof RequestTimeoutError)
  })
})
