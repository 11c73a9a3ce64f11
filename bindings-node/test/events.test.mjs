// What `onEvent` hears, and what the process is warned of where nobody listens.
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { Linktor } from '@linktor/sdk'

import { rejection, useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()

/** A client whose events are kept. */
function listening(options = {}) {
  const events = []
  return { events, client: sandbox.client('linktor', { onEvent: (event) => events.push(event), ...options }) }
}

const types = (events) => events.map(({ type }) => type)

async function warned(work) {
  const warnings = []
  const listener = (warning) => warnings.push(warning)
  process.on('warning', listener)
  try {
    await work()
    await sleep(0)
  } finally {
    process.off('warning', listener)
  }
  return warnings
}

test('a call is told in order', async () => {
  await sandbox.script({ status: 503, headers: { 'Retry-After': '0.2' } })
  const { client, events } = listening()
  const response = await client.get('/me', { query: { secret: 'invented' }, requestId: 'request-1' })
  assert.equal(response.attempts, 2)
  const path = new URL(`${sandbox.base_urls.linktor}/me`).pathname
  const call = { provider: 'linktor', method: 'GET', path, requestId: 'request-1' }
  const [, , first, waits, waited, , second, ended] = events
  assert.deepEqual(events, [
    { type: 'call_started', ...call },
    { type: 'attempt_started', ...call, attempt: 1 },
    { type: 'attempt_ended', ...call, attempt: 1, status: 503, elapsed: first.elapsed },
    { type: 'wait_started', ...call, reason: 'retry_after', expected: waits.expected },
    { type: 'wait_ended', ...call, reason: 'retry_after', elapsed: waited.elapsed },
    { type: 'attempt_started', ...call, attempt: 2 },
    { type: 'attempt_ended', ...call, attempt: 2, status: 200, elapsed: second.elapsed },
    { type: 'call_ended', ...call, attempts: 2, status: 200, elapsed: ended.elapsed },
  ])
  // Milliseconds.
  assert.ok(waits.expected >= 200 && waits.expected < 1_000, `${waits.expected}`)
  assert.ok(waited.elapsed >= 200, `${waited.elapsed}`)
  assert.ok(ended.elapsed >= waited.elapsed && ended.elapsed < 30_000, `${ended.elapsed}`)
})

test('a failure tells its kind', async () => {
  const { client, events } = listening({ maxRetries: 0 })
  await sandbox.script({ status: 404 }, { reset: true }, { delay_ms: 5_000 })
  for (const [status, error] of [
    [404, 'not_found'],
    [undefined, 'connection'],
    [undefined, 'timeout'],
  ]) {
    await rejection(client.get('/contacts/42', { timeout: 300 }))
    const ended = events.at(-1)
    assert.deepEqual([ended.type, ended.status, ended.error, ended.attempts], ['call_ended', status, error, 1])
  }
})

test('a backoff and a wait for a rate limit tell what they are for', async () => {
  const { client, events } = listening({ maxRetryWait: 3_000 })
  await sandbox.script({ status: 503 })
  await client.get('/me', { maxRetryWait: 10 })
  assert.deepEqual(
    events.filter(({ type }) => type === 'wait_started').map(({ reason }) => reason),
    ['backoff'],
  )
  events.length = 0
  await sandbox.script({
    headers: { 'X-RateLimit-Limit': '5', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '1' },
  })
  await client.get('/me')
  await client.get('/me')
  const waits = events.filter(({ type }) => type.startsWith('wait'))
  assert.deepEqual(
    waits.map(({ type, reason }) => [type, reason]),
    [
      ['wait_started', 'rate_limit'],
      ['wait_ended', 'rate_limit'],
    ],
  )
})

test('a renewal is told, and how it failed', async () => {
  const { email, password } = sandbox.credentials.linktor
  const { client, events } = listening({ email, password })
  await client.get('/me')
  // The login is a call too.
  assert.deepEqual(
    events.map(({ type, path }) => `${type} ${path.slice(path.lastIndexOf('/') + 1)}`),
    [
      'call_started me',
      'renewal_started me',
      'call_started login',
      'attempt_started login',
      'attempt_ended login',
      'call_ended login',
      'renewal_ended me',
      'attempt_started me',
      'attempt_ended me',
      'call_ended me',
    ],
  )
  const { client: refused, events: heard } = listening({ email, password: 'wrong', maxRetries: 0 })
  await rejection(refused.get('/me'))
  const ended = heard.find(({ type }) => type === 'renewal_ended')
  assert.equal(ended.error, 'authentication')
})

test('handles’ events come to the listener of their client', async () => {
  const { client, events } = listening()
  const { api_key } = sandbox.credentials.linktor
  await client.withOrganization('org_1').get('/me', { requestId: 'a' })
  await client.withCredentials({ apiKey: api_key }).get('/me', { requestId: 'b' })
  const ended = events.filter(({ type }) => type === 'call_ended')
  assert.deepEqual(
    ended.map(({ requestId }) => requestId),
    ['a', 'b'],
  )
})

test('events are heard before their call is over, in its async context', async () => {
  const context = new AsyncLocalStorage()
  const heard = new Map()
  const onEvent = ({ type }) => {
    const name = context.getStore()
    heard.set(name, [...(heard.get(name) ?? []), type])
  }
  const client = sandbox.client('linktor', { onEvent })
  const expected = ['call_started', 'attempt_started', 'attempt_ended', 'call_ended']
  const call = (name) =>
    context.run(name, async () => {
      await client.get('/me')
      assert.deepEqual(heard.get(name), expected)
    })
  await Promise.all(['a', 'b', 'c'].map(call))
  assert.deepEqual([...heard.keys()].sort(), ['a', 'b', 'c'])
})

test('no event holds a credential, a query or a body', async () => {
  const marker = 'lk_marker_7f3a9c'
  const { client, events } = listening({ apiKey: marker, maxRetries: 1, maxRetryWait: 1 })
  await sandbox.script(
    { status: 500, body: marker },
    { status: 400, json: { error: { code: marker, message: marker } } },
    { json: { token: marker }, headers: { 'X-Token': marker } },
    { reset: true },
    { redirect: `https://elsewhere.example/?token=${marker}` },
  )
  const options = { query: { token: marker }, json: { token: marker }, headers: { 'X-Key': marker }, idempotent: true }
  for (let at = 0; at < 3; at++) await client.post('/contacts', options).catch(() => {})
  const { events: own, client: renewing } = listening({ email: 'ada@example.com', password: marker })
  await rejection(renewing.get('/me'))
  const { events: sourced, client: asking } = listening({ tokenSource: () => Promise.reject(new Error(marker)) })
  await rejection(asking.get('/me'))
  for (const heard of [events, own, sourced]) {
    assert.ok(heard.length >= 4)
    assert.ok(!JSON.stringify(heard).includes(marker), JSON.stringify(heard))
  }
})

test('a listener that fails disturbs no call, and is warned of once', async () => {
  const failure = new Error('the listener’s own')
  for (const onEvent of [
    () => {
      throw failure
    },
    async () => {
      throw failure
    },
    () => Promise.reject(undefined),
    () => {
      throw Object.create(Error.prototype, { stack: { get: () => assert.fail() } })
    },
  ]) {
    const client = sandbox.client('linktor', { onEvent })
    const warnings = await warned(async () => {
      assert.equal((await client.get('/me')).status, 200)
      assert.equal((await client.get('/me')).status, 200)
    })
    assert.deepEqual(
      warnings.map(({ name, code }) => [name, code]),
      [['LinktorWarning', 'LINKTOR_ON_EVENT']],
    )
  }
})

test('a listener that never settles holds nothing up', async () => {
  const client = sandbox.client('linktor', { onEvent: () => new Promise(() => {}) })
  assert.equal((await client.get('/me')).status, 200)
})

test('a listener may make calls of its own client, and close it', async () => {
  const inner = []
  const client = sandbox.client('linktor', {
    onEvent({ type, path }) {
      if (type === 'call_ended' && path.endsWith('/me')) inner.push(client.get('/contacts'))
    },
  })
  await client.get('/me')
  assert.equal((await inner[0]).status, 200)
  await sandbox.script({ delay_ms: 10_000 })
  const closing = sandbox.client('linktor', { onEvent: ({ type }) => type === 'attempt_started' && closing.close() })
  assert.equal((await rejection(closing.get('/me'))).kind, 'closed')
})

test('nothing is told of a call that was aborted but what had come up', async () => {
  await sandbox.script({ delay_ms: 10_000 })
  const { client, events } = listening()
  await rejection(client.get('/me', { signal: AbortSignal.timeout(100) }))
  await sandbox.journalWhen(([entry]) => entry?.aborted)
  assert.deepEqual(types(events).slice(0, 2), ['call_started', 'attempt_started'])
})

test('what is in danger is an event, or else a warning of the process, once of each', async () => {
  const { email, password } = sandbox.credentials.linktor
  const tokenStore = { load() {}, save: () => Promise.reject(new Error('the disk is full')) }
  const { client, events } = listening({ email, password, tokenStore })
  const work = async (mine) => {
    await mine.get('/me')
    await sandbox.control('expire', { family: 'linktor' })
    await mine.get('/me')
  }
  assert.deepEqual(await warned(() => work(client)), [])
  const dangers = new Map(events.filter(({ type }) => /^token/.test(type)).map((event) => [event.type, event]))
  assert.deepEqual([...dangers.keys()].sort(), ['token_store_unlocked', 'tokens_unsaved'])
  assert.deepEqual(dangers.get('token_store_unlocked'), { type: 'token_store_unlocked', provider: 'linktor' })
  assert.ok(dangers.get('tokens_unsaved').path.endsWith('/me'))

  const warnings = await warned(() => work(sandbox.client('linktor', { email, password, tokenStore })))
  assert.deepEqual(warnings.map(({ code }) => code).sort(), ['LINKTOR_TOKENS_UNSAVED', 'LINKTOR_TOKEN_STORE_UNLOCKED'])
  for (const { name, message } of warnings) {
    assert.equal(name, 'LinktorWarning')
    assert.match(message, /`onEvent`/)
  }
})

test('what is no listener is refused', () => {
  for (const onEvent of [7, null, {}, 'log']) {
    assert.throws(() => new Linktor({ apiKey: 'lk_invented', onEvent }), {
      name: 'ConfigError',
      message: 'onEvent must be a function',
    })
  }
})
