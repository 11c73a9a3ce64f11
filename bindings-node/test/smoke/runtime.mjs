// What every runtime must do: node, bun and deno run it where the packages are installed. It ends by itself.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

import { AuthenticationError, ConfigError, Linktor, Verifier, WebhookVerificationError, webhooks } from '@linktor/sdk'
import { Sandbox, SandboxError } from '@linktor/sdk/testing'

const sandbox = await Sandbox.start()
const client = sandbox.client()

// A call, twice tried, and the process does not wait for more.
await sandbox.script({ status: 503, headers: { 'Retry-After-Ms': '1' } }, { json: { data: { name: 'Zoë' } } })
const response = await client.get('/me')
assert.deepEqual([response.status, response.attempts, response.data()], [200, 2, { name: 'Zoë' }])
assert.equal(response.headers.get('content-type'), 'application/json')
assert.equal((await Promise.all(Array.from({ length: 50 }, () => client.get('/me')))).length, 50)

// A call that fails, and options that do.
const refused = await sandbox
  .client('linktor', { apiKey: 'lk_wrong' })
  .get('/me')
  .catch((error) => error)
assert.ok(refused instanceof AuthenticationError && refused instanceof Error)
assert.equal(refused.status, 401)
assert.throws(() => new Linktor({ apiKey: '' }), ConfigError)
await assert.rejects(sandbox.script({ stauts: 503 }), SandboxError)

// A call that is aborted.
await sandbox.script({ delayMs: 60_000 })
const reason = new Error('enough')
const abort = new AbortController()
setTimeout(() => abort.abort(reason), 50)
assert.equal(await client.get('/me', { signal: abort.signal }).catch((error) => error), reason)

// A token source, which the core asks.
const { accessToken } = sandbox.credentials.linktor
const sourced = sandbox.client('linktor', { tokenSource: async () => accessToken })
assert.equal((await sourced.get('/me')).status, 200)

// Webhooks.
const body = new TextEncoder().encode('{"id":"evt_1","type":"message.received","data":{}}')
const verifier = new Verifier('linktor', 'secret')
const headers = webhooks.sign('linktor', body, 'secret')
assert.equal(verifier.verify(body, headers).type, 'message.received')
assert.throws(() => verifier.verify(body, webhooks.sign('linktor', body, 'other')), WebhookVerificationError)

assert.equal(createRequire(import.meta.url)('@linktor/sdk').Linktor, Linktor)
console.log(`all is well in ${globalThis.Deno ? 'Deno' : globalThis.Bun ? 'Bun' : 'Node.js'}`)
