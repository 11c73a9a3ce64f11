// What a client tells `onEvent`: lines to read, and counts for metrics.
// Run: npm install && node events.mjs
import assert from 'node:assert/strict'

import { Linktor, NotFoundError } from '@linktor/sdk'

// An API of our own, so that the example needs no server.
const answers = [
  new Response(null, { status: 503, headers: { 'Retry-After': '0' } }),
  Response.json({ success: true, data: { name: 'Ada' } }),
  Response.json({ error: 'nobody' }, { status: 404 }),
]

const calls = new Map()
let retries = 0

function onEvent(event) {
  if (event.type === 'wait_started') console.log(`waits ${event.expected} ms: ${event.reason}`)
  if (event.type !== 'call_ended') return
  console.log(`${event.method} ${event.path}: ${event.status} after ${event.elapsed} ms, request ${event.requestId}`)
  calls.set(event.status, (calls.get(event.status) ?? 0) + 1)
  retries += event.attempts - 1
}

const client = new Linktor({ apiKey: 'lk_invented', fetch: async () => answers.shift(), onEvent })
await client.get('/me')
await assert.rejects(client.get('/contacts/{id}', { pathParams: { id: 'nobody' } }), NotFoundError)
console.log('calls by status:', Object.fromEntries(calls), 'sent again:', retries)
assert.deepEqual([calls.get(200), calls.get(404), retries], [1, 1, 1])
