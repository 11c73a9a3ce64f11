// The steps of a wire vector, through the public API: tests/vectors/README.md is the contract.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

import { jwt, webhooks } from '@linktor/sdk'

const MILLISECONDS = new Set([
  'connect_timeout',
  'deadline',
  'expires_in',
  'leeway',
  'max_retry_wait',
  'timeout',
  'tolerance',
  'ttl',
  'window',
])
const FIELDS = { request_id: 'requestId', retry_after: 'retryAfter' }
const CALL_OPTIONS = { path_params: 'pathParams', content: 'body', content_type: 'contentType' }

/** Makes one step of a run: `{ client, sandbox, family, names, consent, restart, seen, store, inbox }`. */
export async function take(run, step) {
  const kind = Object.keys(steps).find((name) => name in step) ?? 'request'
  await steps[kind](run, step)
}

const steps = {
  async request({ client }, { method, path, expect, with_organization, with_credentials, ...told }) {
    const call = async () => {
      let handle = client
      if (with_organization !== undefined) handle = handle.withOrganization(with_organization)
      if (with_credentials !== undefined) handle = handle.withCredentials(clientOptions(with_credentials))
      const response = await handle.request(method, path, camel(told, CALL_OPTIONS))
      for (const [name, value] of Object.entries(expect)) {
        if (name === 'waited') isWithin(response.waited, value)
        else if (name === 'rate_limit') isRateLimit(response.rateLimit, value)
        else if (name !== 'error') assert.deepEqual(readers[name](response), value, name)
      }
      // An envelope that reports a failure is raised by data().
      if (expect.error) response.data()
    }
    await outcome(call, expect)
  },

  auth: (run, { auth, expect = {}, ...told }) => auths[auth](run, told, expect),

  async authorize({ consent, names }) {
    const answer = await fetch(consent.url, { redirect: 'manual' })
    names.callback = answer.headers.get('location')
  },

  async paginate({ client }, { paginate, expect, ...told }) {
    const items = []
    const read = async () => {
      for await (const item of client.paginate(paginate, camel(told))) items.push(item)
    }
    await outcome(read, expect)
    if (expect.items) assert.deepEqual(items, expect.items, 'items')
  },

  jwt: (_, { jwt: call, expect, ...told }) => outcome(() => jwts[call](told, expect), expect),

  async webhook({ seen }, { webhook: call, expect = {}, ...told }) {
    for (const headers of told.headers ? shapesOf(told.headers) : [undefined]) {
      await outcome(() => webhookCalls[call]({ ...told, headers }, expect, seen), expect, ownNames)
    }
  },

  async rate_limit({ client }, { rate_limit, expect }) {
    const ask = () => isRateLimit(client.rateLimit(rate_limit ?? undefined), expect.rate_limit)
    await outcome(ask, expect)
  },

  async control({ sandbox, family }, { control, with: told }) {
    await sandbox.control(control, control === 'clock' ? told : { family, ...told })
  },

  store: (run, step) => run.store.take(step),

  receive: (run, step) => run.inbox.deliver(step),

  sleep: (_, step) => sleep(step.sleep * 1000),

  restart: (run) => run.restart(),
}

const auths = {
  login: ({ client }, _, expect) => outcome(async () => isValue(session(await client.auth.login()), expect), expect),
  refresh: ({ client }, _, expect) =>
    outcome(async () => isValue(session(await client.auth.refresh()), expect), expect),
  test: ({ client }, _, expect) => outcome(async () => isValue(await client.auth.test(), expect), expect),
  session: ({ client }, _, expect) => isValue(session(client.auth.session()), expect),
  invalidate: ({ client }) => client.auth.invalidate(),

  async authorize_url(run, { scopes, redirect_uri }, expect) {
    const ask = () => {
      run.consent = run.client.auth.authorizeUrl(scopes, redirect_uri)
      const { state, verifier, url } = run.consent
      Object.assign(run.names, { state, verifier, challenge: new URL(url).searchParams.get('code_challenge') })
      if (expect.url) compareURL(url, expect.url)
    }
    await outcome(ask, expect)
  },

  async exchange_code({ client, consent }, { callback }, expect) {
    const request = JSON.parse(JSON.stringify(consent))
    await outcome(async () => isValue(session(await client.auth.exchangeCode(callback, request)), expect), expect)
  },
}

const jwts = {
  sign({ claims, secret, ...told }, expect) {
    const token = jwt.sign(claims, secret, timed(told))
    if (expect.token) assert.equal(token, expect.token)
  },
  verify({ token, secret, ...told }, expect) {
    const claims = jwt.verify(token, secret, timed(told))
    if (expect.claims) assert.deepEqual(claims, expect.claims)
  },
}

const webhookCalls = {
  verify(told, expect) {
    const event = webhooks.verify(...delivery(told))
    for (const [name, value] of Object.entries(expect)) isOfEvent(event, name, value)
    assert.deepEqual(Buffer.from(event.bytes()), bodyOf(told), 'bytes')
  },
  verify_signature: (told) => webhooks.verifySignature(...delivery(told)),
  sign({ scheme, secret, body, body_base64, headers: _, ...told }, expect) {
    const options = 'timestamp' in told ? { ...told, timestamp: told.timestamp * 1000 } : told
    const headers = webhooks.sign(scheme, bodyOf({ body, body_base64 }), secretOf(secret), options)
    if (expect.headers) assert.deepEqual(lowerNames(headers), lowerNames(expect.headers), 'headers')
  },
  event_types: (_, expect) => assert.deepEqual([...webhooks.EVENT_TYPES].sort(), expect.types, 'types'),
  begin: ({ id }, expect, seen) => {
    const begun = seen.begin(id)
    if ('value' in expect) assert.equal(begun, expect.value, 'value')
  },
  commit: ({ id }, _, seen) => seen.commit(id),
  release: ({ id }, _, seen) => seen.release(id),
}

/** A message about a webhook: names of schemes, and fields of their documents, are the same in every language. */
function ownNames(message) {
  return message.replaceAll('size_limit', 'sizeLimit')
}

/** What `verify` is called with. */
function delivery({ scheme, body, body_base64, headers, secret, ...told }) {
  return [scheme, bodyOf({ body, body_base64 }), headers, secretOf(secret), timed(told)]
}

function bodyOf({ body, body_base64 }) {
  return body_base64 === undefined ? Buffer.from(body) : Buffer.from(body_base64, 'base64')
}

export function secretOf(secret) {
  if (Array.isArray(secret)) return secret.map(secretOf)
  return typeof secret === 'string' ? secret : Buffer.from(secret.base64, 'base64')
}

/** The headers as pairs, in turn, and by name: whatever they come as, the verdict is the same. */
function shapesOf(pairs) {
  const byName = Object.create(null)
  for (const [name, value] of pairs) byName[name] = name in byName ? [byName[name], value].flat() : value
  return [pairs, pairs.flat(), byName, new Map(Object.entries(byName))]
}

function isOfEvent(event, name, value) {
  if (name === 'data' && value?.error) {
    const matching = (error) => matches(error, value.error, ownNames)
    assert.throws(() => event.data(), matching)
  } else if (name === 'data') {
    assert.deepEqual(event.data(), value, name)
  } else if (name === 'timestamp' && value !== null) {
    // A date knows milliseconds.
    const found = event.timestamp.getTime()
    assert.ok(Math.abs(found - value * 1000) < 1, `${name}: ${found} ms should be ${value} s`)
  } else {
    assert.deepEqual(event[name] ?? null, value, name)
  }
}

function lowerNames(headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

const readers = {
  status: (response) => response.status,
  json: (response) => response.json(),
  data: (response) => response.data(),
  text: (response) => response.text(),
  attempts: (response) => response.attempts,
  request_id: (response) => response.requestId,
}

/** Makes a call that ends as expected, or else throws. */
async function outcome(call, { error: expected }, inOwn = camelName) {
  try {
    await call()
  } catch (error) {
    if (!expected || error.code === 'ERR_ASSERTION') throw error
    matches(error, expected, inOwn)
    return
  }
  assert.ok(!expected, 'it succeeded')
}

/** Compares what is named of an error. */
export function matches(error, expected, inOwn = camelName) {
  for (const [name, value] of Object.entries(expected)) {
    if (name === 'message_contains') {
      const own = inOwn(value)
      assert.ok(error.message.includes(own), `message: ${error.message} should contain ${own}`)
    } else if (name === 'waited') {
      isWithin(error.waited, value)
    } else {
      assert.deepEqual(error[FIELDS[name] ?? name] ?? null, value, `${name} of ${error.stack}`)
    }
  }
  return true
}

/** Options of a client or of credentials, in this language's names and units. */
export function clientOptions(told) {
  const options = camel(told)
  for (const name of ['oauth', 'jwt']) {
    if (typeof options[name] === 'object' && options[name] !== null) options[name] = camel(options[name])
  }
  if (Array.isArray(options.limits)) options.limits = options.limits.map((limit) => camel(limit))
  return options
}

function timed({ now, ...told }) {
  return { ...camel(told), ...(now !== undefined && { now: now * 1000 }) }
}

function camel(options, names = {}) {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      names[name] ?? camelName(name),
      MILLISECONDS.has(name) && typeof value === 'number' ? value * 1000 : value,
    ]),
  )
}

function camelName(name) {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
}

function session(value) {
  if (value === null) return null
  const { expiresIn, ...rest } = value
  return { ...rest, expires_in: expiresIn === null ? null : expiresIn / 1000 }
}

function isValue(found, { value }) {
  if (value === undefined) return
  if (value === null || found === null) {
    assert.equal(found, value)
    return
  }
  for (const [name, expected] of Object.entries(value)) {
    if (name === 'expires_in' && expected !== null && found[name] !== null) {
      assert.ok(Math.abs(found[name] - expected) <= 5, `expires_in: ${found[name]} should be ${expected}`)
    } else {
      assert.deepEqual(found[name], expected, name)
    }
  }
}

/** Whether a wait in milliseconds is of `[at least, at most]` seconds. */
function isWithin(waited, [least, most]) {
  assert.ok(waited >= least * 1000 && waited <= most * 1000, `waited ${waited} ms, not ${least} to ${most} s`)
}

function isRateLimit(found, expected) {
  if (expected === undefined) return
  if (expected === null || found === undefined) {
    assert.equal(found ?? null, expected, 'rate_limit')
    return
  }
  for (const [name, value] of Object.entries(expected)) {
    if (name === 'reset' && value !== null && found.reset !== undefined) {
      assert.ok(Math.abs(found.reset - value * 1000) <= 2000, `reset: ${found.reset} ms should be ${value} s`)
    } else {
      assert.equal(found[name] ?? null, value, name)
    }
  }
}

function compareURL(url, expected) {
  const [found, wanted] = [new URL(url), new URL(expected)]
  const fields = [...found.searchParams].map(([name, value]) =>
    wanted.searchParams.get(name) === '$any' && value ? [name, '$any'] : [name, value],
  )
  assert.equal(found.origin + found.pathname, wanted.origin + wanted.pathname, 'url')
  assert.deepEqual(fields.sort(), [...wanted.searchParams].sort(), 'fields of the url')
}
