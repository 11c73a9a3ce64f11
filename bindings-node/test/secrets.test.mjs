import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'

import { JWT, Linktor, OAuth } from '@linktor/sdk'

import { rejection, useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()
const MARKER = 'lk_marker_7f3a9c'

function printed(value) {
  const forms = [
    String(value),
    inspect(value, { depth: Infinity, showHidden: true, getters: true }),
    inspect(value, { depth: Infinity, showHidden: true, getters: true, customInspect: false }),
    JSON.stringify(value) ?? '',
    inspect(structuredClone(value), { depth: Infinity, showHidden: true }),
    JSON.stringify(Object.getOwnPropertyDescriptors(Object(value))),
  ]
  if (value instanceof Error)
    forms.push(value.stack, value.message, value.body ?? '', ...(value.cause ? printed(value.cause) : []))
  return forms
}

function isClean(value) {
  for (const form of printed(value)) assert.ok(!form.includes(MARKER), form)
}

test('a client, its answers and its errors never show the credential', async () => {
  const echo = { json: { error: { message: `bad key ${MARKER}`, code: 'x' } }, headers: { 'X-Echo': MARKER } }
  for (const credential of [
    { apiKey: MARKER },
    { accessToken: MARKER },
    { tokenSource: () => MARKER },
    { tokenSource: async () => ({ token: MARKER, expiresIn: 60_000 }) },
  ]) {
    await sandbox.reset()
    const client = sandbox.client('linktor', { ...credential, maxRetries: 0 })
    isClean(client)
    const statuses = [400, 401, 401, 403, 404, 429, 500].map((status) => ({ ...echo, status }))
    await sandbox.script(...statuses, { reset: true }, { delay_ms: 5000 }, { body: `<p>${MARKER}` })
    for (let at = 0; at < 7; at++) isClean(await rejection(client.get('/me', { timeout: 200 })))
    isClean(await rejection(client.get('/me', { headers: { Authorization: `Bearer ${MARKER}` } })))
    isClean(await rejection(client.get('/me', { headers: { 'X-Key': `${MARKER}\n` } })))
    client.close()
    isClean(await rejection(client.get('/me')))
  }
})

test('a success that quotes the credential does not print it', async () => {
  await sandbox.script({ body: `"${MARKER}` })
  const response = await sandbox.client('linktor', { apiKey: MARKER }).get('/me')
  assert.ok(!inspect(response, { showHidden: true }).includes(MARKER))
  try {
    response.json()
    assert.fail('it is no JSON')
  } catch (error) {
    assert.ok(!inspect(error).includes(MARKER) && !JSON.stringify(error).includes(MARKER))
  }
})

test('credentials of several parts print no secret', () => {
  const oauth = new OAuth({ clientId: 'client-1', clientSecret: MARKER, refreshToken: MARKER, accessToken: MARKER })
  const jwt = new JWT({ secret: MARKER, subject: 'user-1', claims: { note: MARKER } })
  assert.equal(inspect(oauth), "OAuth { clientId: 'client-1' }")
  assert.equal(inspect(jwt), "JWT { subject: 'user-1' }")
  isClean(oauth)
  isClean(jwt)
  for (const [credential, family] of [
    [{ oauth }, 'api_v2'],
    [{ jwt }, 'api_v2'],
    [{ email: 'ada@example.com', password: MARKER }, 'linktor'],
  ]) {
    const client = sandbox.client(family, credential)
    isClean(client)
    isClean(client.auth)
    isClean(client.withCredentials(credential))
    isClean(client.paginate('/users'))
  }
})

test('an error prints neither the details nor the body of its answer', async () => {
  await sandbox.script({ status: 422, json: { error: { code: 'x', message: 'no', details: { phone: 'p-4711' } } } })
  const error = await rejection(sandbox.client().post('/contacts', { json: {} }))
  assert.deepEqual(error.details, { phone: 'p-4711' })
  assert.match(error.body, /p-4711/)
  for (const form of [String(error), error.stack, inspect(error, { depth: Infinity }), JSON.stringify(error)])
    assert.doesNotMatch(form, /p-4711/)
})

test('a session and its errors never show what it was made of', async () => {
  const answer = { status: 400, json: { error: { code: 'x', message: MARKER } } }
  await sandbox.script(answer, answer, answer)
  const parts = { clientId: 'client-1', clientSecret: MARKER, refreshToken: MARKER }
  isClean(await rejection(sandbox.client('api_v2', { oauth: parts }).auth.refresh()))
  const client = sandbox.client('linktor', { email: 'ada@example.com', password: MARKER })
  isClean(await rejection(client.auth.login()))
  isClean(await rejection(client.get('/me')))
})

test('options that are refused never show the credential', () => {
  for (const options of [
    { apiKey: `${MARKER}\n1` },
    { apiKey: `Bearer ${MARKER}` },
    { apiKey: [MARKER] },
    { apiKey: MARKER, accessToken: MARKER },
    { apiKey: MARKER, nonsense: MARKER },
    { apiKey: MARKER, baseUrl: `https://user:${MARKER}@example.com` },
    { apiKey: MARKER, headers: { 'X-Key': `${MARKER}é\n` } },
    { apiKey: MARKER, timeout: MARKER },
    { oauth: MARKER },
    { oauth: { clientId: 'client-1', clientSecret: MARKER, secret: MARKER } },
    { oauth: { clientId: 'client-1', clientSecret: [MARKER] } },
    { jwt: { secret: MARKER, subject: 'user-1', ttl: MARKER } },
    { jwt: { secret: MARKER, subject: 'user-1', claims: { note: MARKER, at: NaN } } },
    { email: MARKER, password: MARKER, jwt: { secret: MARKER, subject: MARKER } },
    { apiKey: MARKER, provider: { name: MARKER } },
  ]) {
    assert.throws(
      () => new Linktor(options),
      (error) => {
        isClean(error)
        return true
      },
    )
  }
})

test('an error that is cloned is an error still, with its message and its causes', async () => {
  await sandbox.script({ status: 404, json: { error: { code: 'GONE', message: 'nobody' } } })
  const clone = structuredClone(await rejection(sandbox.client().get('/me')))
  assert.ok(clone instanceof Error)
  assert.match(clone.message, /nobody/)
  assert.match(clone.stack, /NotFoundError/)
})
