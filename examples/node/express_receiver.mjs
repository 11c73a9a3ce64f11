// A receiver of webhooks in Express, a URL for each tenant: an event that could not be handled is, when it comes again.
// Run: npm install && node express_receiver.mjs
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { Receiver } from '@linktor/sdk'
import express from 'express'

const secret = 'an-invented-secret'
const receiver = new Receiver('linktor', secret)
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
for (const { after, status, body } of await deliver(`http://127.0.0.1:${server.address().port}/webhooks/north`)) {
  console.log(`after ${after} s: ${status} ${body}`)
}
console.log('handled:', handled)
server.close()

/** Delivers an event twice; the sandbox does not wait, as the sender would, before it delivers again. */
async function deliver(url) {
  const target = join(import.meta.dirname, '..', '..', 'target')
  const built = ['release', 'debug'].map((profile) => join(target, profile, 'linktor-sandbox'))
  const binary = [process.env.LINKTOR_SANDBOX, ...built].find((path) => path && existsSync(path))
  if (!binary) throw new Error('no sandbox: run `cargo build -p linktor-sandbox`, or set LINKTOR_SANDBOX')

  const told = ['--family', 'linktor', '--event', 'conversation.created', '--secret', secret, '--times', '2']
  const { stdout } = await promisify(execFile)(binary, ['webhook', '--to', url, ...told])
  return JSON.parse(stdout).deliveries
}
