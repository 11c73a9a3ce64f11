// A `fetch` of one's own: one that records what is answered, and one that plays it again without a server.
// Run: npm install && node own_transport.mjs
import assert from 'node:assert/strict'
import { createServer } from 'node:http'

import { CallbackError, Linktor } from '@linktor/sdk'

const statuses = [503, 200]
const server = createServer((_, response) => {
  response.writeHead(statuses.shift(), { 'Retry-After': '0' }).end('{"success": true, "data": {"name": "Ada"}}')
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const baseUrl = `http://127.0.0.1:${server.address().port}`

/** Calls and their answers; the credential is in the request's headers, which are not on it. */
const tape = []

async function record(url, init) {
  const response = await fetch(url, init)
  tape.push([`${init.method} ${new URL(url).pathname}`, response.clone()])
  return response
}

async function play(url, { method }) {
  const call = `${method} ${new URL(url).pathname}`
  const [recorded, response] = tape.shift() ?? ['nothing']
  assert.equal(call, recorded)
  return response
}

const live = await new Linktor({ apiKey: 'lk_invented', baseUrl, fetch: record }).get('/me')
console.log(
  'recorded:',
  tape.map(([call, { status }]) => `${call} ${status}`),
)
server.close()
server.closeAllConnections()

// The server is gone; retries, envelopes and errors are still the client's.
const client = new Linktor({ apiKey: 'lk_invented', baseUrl, fetch: play })
const played = await client.get('/me')
console.log(`played: ${played.status} after ${played.attempts} attempts, as it was ${live.attempts} then`)
assert.deepEqual([played.data(), played.attempts], [live.data(), 2])
await assert.rejects(client.get('/contacts'), CallbackError)
