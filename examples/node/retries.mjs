// What is tried again and what is not, how long it takes at most, what an error tells, and what is left of a limit.
// Run: npm install && node retries.mjs
import assert from 'node:assert/strict'

import { NotFoundError, RateLimitError, RequestTimeoutError, ServerError } from '@linktor/sdk'
import { Sandbox } from '@linktor/sdk/testing'

const BUSY = { status: 503, json: { error: 'busy' } }

const sandbox = await Sandbox.start()
const client = sandbox.client('linktor', { maxRetries: 2, maxRetryWait: 10_000 })

const missing = await failure(client.get('/contacts/{id}', { pathParams: { id: 'nobody' } }), NotFoundError)
console.log(`NotFoundError: status ${missing.status}, code ${missing.code}, request ${missing.requestId}`)

await sandbox.script(BUSY, BUSY)
const got = await client.get('/me')
console.log(`a GET that met two 503: ${got.attempts} attempts, ${got.waited} ms of waiting`)
assert.equal(got.attempts, 3)

// A POST may have acted, so it is sent again only if that does no harm.
await sandbox.script(BUSY)
const refused = await failure(client.post('/contacts', { json: { name: 'Ada' } }), ServerError)
console.log(`a POST that met one: ${refused.attempts} attempt; has the server acted? ${refused.sent}`)
await sandbox.script(BUSY)
const made = await client.post('/contacts', { json: { name: 'Ada' }, idempotencyKey: 'contact-ada-1' })
console.log(`the same with an idempotency key: ${made.attempts} attempts`)
assert.equal(made.attempts, 2)

await client.get('/me')
const left = client.rateLimit()
console.log(`class ${left.class}: ${left.remaining} of ${left.limit} requests left`)

await sandbox.script({ pass: true, delayMs: 10_000 })
const late = await failure(client.get('/me', { deadline: 500 }), RequestTimeoutError)
console.log(`RequestTimeoutError: ${late.message}`)

// A signal ends a call at once, wherever it is, and the call rejects with its reason.
await sandbox.script({ pass: true, delayMs: 10_000 })
const aborted = await failure(client.get('/me', { signal: AbortSignal.timeout(100) }), DOMException)
console.log(`aborted: ${aborted.name}`)

// What the server asks for is waited for, but never past the deadline or for longer than `maxRetryWait`.
await sandbox.script({ status: 429, headers: { 'Retry-After': '20' } })
const limited = await failure(client.get('/me'), RateLimitError)
console.log(`RateLimitError: come back in ${limited.retryAfter} s`)
await sandbox.stop()

/** The error of this class that a call ends with. */
async function failure(call, Kind) {
  const error = await call.then(
    () => assert.fail(`no ${Kind.name}`),
    (error) => error,
  )
  assert.ok(error instanceof Kind, error)
  return error
}
