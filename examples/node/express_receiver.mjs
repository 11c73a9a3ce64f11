// A receiver of webhooks in Express, a URL for each tenant: an event that could not be handled is, when it comes again.
// Run: npm install && node express_receiver.mjs
import assert from 'node:assert/strict'
import { once } from 'node:events'

import { Receiver } from '@linktor/sdk'
import { Sandbox } from '@linktor/sdk/testing'
import express from 'express'

const sandbox = await Sandbox.start()
const receiver = new Receiver('linktor', sandbox.credentials.linktor.webhookSecret)
const handled = []
let deliveries = 0

const app = express()
app.post(
  '/webhooks/:tenant',
  receiver.express(async (event, request, response) => {
    deliveries += 1
    if (deliveries === 1) return response.status(503).send('the database is away')
    handled.push(`${request.params.tenant}: ${event.type} of ${event.organization}`)
  }),
)
app.use(express.json()) // after the receiver, which reads the bytes as they were signed

const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${server.address().port}/webhooks/north`
// Twice; the sandbox does not wait, as the sender would, before it delivers again.
const { deliveries: report } = await sandbox.deliver({ url, event: 'conversation.created', times: 2 })
for (const { status, body } of report) console.log(status, body)
console.log('handled:', handled)
assert.deepEqual([report.map(({ status }) => status), handled.length], [[503, 200, 200], 1])
server.close()
await sandbox.stop()
