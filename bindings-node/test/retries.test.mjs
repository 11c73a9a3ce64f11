// What is this language's own of retries and rate limits: types, units, cancellation.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { ClientClosedError, ConfigError, RateLimitError, ServerError } from '@linktor/sdk'

import { rejection, useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()

const HOUR = 3_600_000
const busy = (status, seconds) => ({ status, headers: { 'Retry-After': String(seconds) }, json: {} })
const isBetween = (value, least, most) =>
  assert.ok(value >= least && value <= most, `${value} should be from ${least} to ${most}`)

test('maxRetryWait is in milliseconds, of the client and of a request', async () => {
  for (const [options, told] of [
    [{ maxRetryWait: 900 }, {}],
    [{}, { maxRetryWait: 900 }],
    [{ maxRetryWait: 0 }, {}],
    [{}, { maxRetryWait: 0 }],
  ]) {
    await sandbox.reset()
    await sandbox.script(busy(503, 1))
    const error = await rejection(sandbox.client('linktor', options).get('/me', told))
    assert.ok(error instanceof ServerError)
    assert.deepEqual([error.attempts, error.retryAfter, error.waited], [1, 1, 0])
  }
  await sandbox.reset()
  await sandbox.script(busy(503, 1), { json: {} })
  const response = await sandbox.client('linktor', { maxRetryWait: 0 }).get('/me', { maxRetryWait: 1100 })
  assert.equal(response.attempts, 2)
  isBetween(response.waited, 1000, 1400)
})

test('waits are told in milliseconds', async () => {
  const client = sandbox.client()
  assert.equal((await client.get('/me')).waited, 0)
  await sandbox.script(busy(429, 1), { status: 404, json: {} })
  const error = await rejection(client.get('/me'))
  assert.equal(error.attempts, 2)
  isBetween(error.waited, 1000, 1400)
  assert.ok(Number.isInteger(error.waited))
  await sandbox.script(busy(429, 1), { body: 'no JSON' })
  const response = await client.get('/me')
  try {
    response.json()
    assert.fail('it is no JSON')
  } catch (error) {
    assert.equal(error.waited, response.waited)
    isBetween(error.waited, 1000, 1400)
  }
})

test('a request may say how often, and whether it may be sent twice', async () => {
  const failure = { status: 503, headers: { 'Retry-After-Ms': '1' } }
  const client = sandbox.client()
  for (const [method, told, attempts] of [
    ['GET', {}, 4],
    ['GET', { maxRetries: 0 }, 1],
    ['GET', { idempotent: false }, 1],
    ['POST', {}, 1],
    ['POST', { idempotent: true, maxRetries: 1 }, 2],
    ['POST', { idempotencyKey: 'key-1', maxRetries: 2 }, 3],
  ]) {
    await sandbox.reset()
    await sandbox.script(...Array(5).fill(failure))
    assert.equal((await rejection(client.request(method, '/contacts', told))).attempts, attempts)
    const entries = await sandbox.journal()
    assert.deepEqual(
      entries.map(({ headers }) => new Map(headers).get('idempotency-key')),
      Array(attempts).fill(told.idempotencyKey),
    )
  }
})

test('what a list is told of retries holds for every page', async () => {
  const pages = async (options) => {
    const pages = []
    for await (const { response } of sandbox.client().paginate('/contacts', options).pages()) pages.push(response)
    return pages
  }
  const page = (number) => ({ json: { data: [number], meta: { page: number, total_pages: 2, has_next: number < 2 } } })
  await sandbox.script(page(1), busy(503, 1))
  assert.equal((await rejection(pages({ maxRetryWait: 900 }))).attempts, 1)
  for (const options of [{ maxRetries: 0 }, { idempotent: false }]) {
    await sandbox.script(page(1), busy(503, 1))
    assert.equal((await rejection(pages(options))).attempts, 1)
  }
  await sandbox.script(page(1), { status: 503, headers: { 'Retry-After-Ms': '1' } }, page(2))
  assert.deepEqual(
    (await pages({})).map(({ attempts }) => attempts),
    [1, 2],
  )
})

test('an answer and the client tell what is known of the rate limit', async () => {
  const client = sandbox.client()
  assert.equal(client.rateLimit(), undefined)
  const headers = { 'X-RateLimit-Limit': '60', 'X-RateLimit-Remaining': '59', 'X-RateLimit-Reset': '30' }
  await sandbox.script({ headers, json: {} }, { json: {} }, { headers: { 'X-RateLimit-Limit': '10' }, json: {} })
  const { rateLimit } = await client.get('/me')
  assert.deepEqual(rateLimit, { class: 'other', limit: 60, remaining: 59, reset: 30_000 })
  assert.equal((await client.get('/me')).rateLimit, undefined)
  assert.deepEqual((await client.post('/conversations/{id}/messages', { pathParams: { id: 1 } })).rateLimit, {
    class: 'messages',
    limit: 10,
  })
  const { reset, ...rest } = client.rateLimit('other')
  assert.deepEqual(rest, { class: 'other', limit: 60, remaining: 59 })
  isBetween(reset, 25_000, 30_000)
  assert.ok(Number.isInteger(reset))
  assert.deepEqual(client.rateLimit(), { class: 'messages', limit: 10 })
  assert.equal(client.rateLimit('authentication'), undefined)
  assert.deepEqual(client.withOrganization('org_1').rateLimit(), client.rateLimit())
  assert.equal(client.withCredentials({ apiKey: 'key-2' }).rateLimit(), undefined)
})

test('a class that the family does not have is refused', () => {
  const client = sandbox.client()
  for (const name of ['others', '', 7, null]) assert.throws(() => client.rateLimit(name), ConfigError)
  assert.throws(() => client.rateLimit('others'), /there are .*messages.*other/)
})

test('a class may have any name of printable ASCII', async () => {
  const name = 'a%41/"b"'
  const provider = {
    name: 'own',
    credentials: [],
    rate: { classes: [{ name, routes: [{ path: '/**' }] }] },
  }
  await sandbox.script({ headers: { 'X-RateLimit-Limit': '9', 'X-RateLimit-Remaining': '8' }, json: { a: 1 } })
  const client = sandbox.client('linktor', { provider, authUrl: undefined, anonymous: true })
  const response = await client.get('/me')
  assert.deepEqual(response.rateLimit, { class: name, limit: 9, remaining: 8 })
  assert.equal(response.headers.get('x-ratelimit-limit'), '9')
  assert.deepEqual(client.rateLimit(name), response.rateLimit)
})

test('limits are in milliseconds, and hold under proactive pacing', async () => {
  const limits = [{ limit: 1, window: 300, class: 'messages' }]
  const client = sandbox.client('linktor', { pacing: 'proactive', limits })
  await sandbox.script(...Array(3).fill({ json: {} }))
  const send = () => client.post('/conversations/{id}/messages', { pathParams: { id: 1 } })
  const [first, second] = await Promise.all([send(), send()])
  assert.equal(Math.min(first.waited, second.waited), 0)
  isBetween(Math.max(first.waited, second.waited), 250, 600)
  const error = await rejection(client.post('/conversations/1/messages', { maxRetryWait: 10 }))
  assert.ok(error instanceof RateLimitError)
  assert.deepEqual([error.kind, error.attempts, error.sent, error.retryAfter], ['rate_limited', 0, 'no', 1])
  assert.equal(error.status, undefined)
  assert.equal((await client.get('/me')).waited, 0)
})

test('limits may be a tier by name', async () => {
  for (const [family, tier] of Object.entries({ libromi: 'paid', api_v1: 'pro', api_v2: 'anonymous' })) {
    await sandbox.reset()
    await sandbox.script({ json: {} })
    const client = sandbox.client(family, { pacing: 'proactive', limits: tier })
    assert.equal((await client.get('/users')).attempts, 1)
  }
})

for (const [what, status, fresh] of [
  ['a wait for a hint', 503, 0],
  ['a queue at a gate that a 429 closed', 429, 2],
]) {
  test(`a call is aborted at once in ${what}, and nothing is sent afterwards`, async (t) => {
    const { calls, controller, sent } = await waiting(t, status, fresh)
    const reason = new Error('changed my mind')
    const began = performance.now()
    controller.abort(reason)
    for (const error of await Promise.all(calls)) assert.equal(error, reason)
    isBetween(performance.now() - began, 0, 50)
    await sleep(200)
    assert.equal((await sandbox.journal()).length, sent)
  })

  test(`close ends calls at once in ${what}`, async (t) => {
    const { client, calls, sent } = await waiting(t, status, fresh)
    const began = performance.now()
    client.close()
    for (const error of await Promise.all(calls)) assert.ok(error instanceof ClientClosedError)
    isBetween(performance.now() - began, 0, 50)
    await sleep(200)
    assert.equal((await sandbox.journal()).length, sent)
  })
}

/** Two calls that met `status`, or a gate that it closed, and would wait for an hour, and after them `fresh` more. */
async function waiting(t, status, fresh) {
  const client = sandbox.client('linktor', { maxRetryWait: 2 * HOUR })
  t.after(() => client.close())
  const controller = new AbortController()
  await sandbox.script(busy(status, 3600), busy(status, 3600))
  const call = () => rejection(client.get('/me', { signal: controller.signal }))
  const calls = [call(), call()]
  const least = status === 429 ? 1 : 2
  await sandbox.journalWhen((entries) => entries.length >= least && entries.every((entry) => entry.status !== null))
  await sleep(50)
  const sent = (await sandbox.journal()).length
  for (let at = 0; at < fresh; at++) calls.push(call())
  await sleep(50)
  return { client, calls, controller, sent }
}
