// A receiver of webhooks without a framework: verified events, none of them handled twice. The sandbox delivers.
// Run: npm install && node webhook_receiver.mjs
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'

import { webhooks } from '@linktor/sdk'
import { Sandbox } from '@linktor/sdk/testing'

const sandbox = await Sandbox.start()
const contents = []
const receiver = new webhooks.Receiver('linktor', sandbox.credentials.linktor.webhookSecret, { sizeLimit: 65_536 })
const server = createServer(receiver.express((event) => void contents.push(event.data().content)))
await once(server.listen(0, '127.0.0.1'), 'listening')
const url = `http://127.0.0.1:${server.address().port}/webhooks`

const twice = await sandbox.deliver({ url, event: 'message.received', data: { content: 'Hello' }, times: 2 })
const statuses = twice.deliveries.map(({ status }) => status)
console.log(`delivered twice: answered ${statuses}, handled ${contents}`)
assert.deepEqual([statuses, contents], [[200, 200], ['Hello']])

const tampered = await sandbox.deliver({ url, event: 'message.received', data: { content: 'Eve' }, tamper: 'body' })
const refusals = new Set(tampered.deliveries.map(({ status, body }) => `${status} ${body}`))
console.log(`tampered with: answered ${[...refusals]}, handled ${contents}`)
assert.deepEqual([[...refusals], contents], [['401 signature_mismatch'], ['Hello']])
server.close()
await sandbox.stop()
