// What senders and networks do to receivers that listen.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request as httpRequest } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'

import { Receiver, webhooks } from '@linktor/sdk'

import { delivery, FRONTS, Handler, SECRET, sendPart, signed, until } from './receivers/fronts.mjs'
import { useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()
const LISTENING = ['express 5', 'express 4', 'connect', 'node:http', 'fastify', 'hono']

async function over(name, receiver, handler, use) {
  const front = await FRONTS[name](receiver, handler)
  try {
    return await use(front)
  } finally {
    await front.close()
  }
}

async function delivered(url, told = {}) {
  const report = await sandbox.control('webhooks', { family: 'linktor', url, event: 'message.received', ...told })
  return report.deliveries.map(({ status, body }) => [status, body])
}

for (const name of LISTENING) {
  describe(`over ${name}`, () => {
    test('what the sandbox delivers is handled once', async () => {
      const handler = new Handler({ outcomes: [new Error('the database is away'), 400, 201] })
      const receiver = new Receiver('linktor', sandbox.credentials.linktor.webhook_secret)
      await over(name, receiver, handler, async ({ url }) => {
        const statuses = (await delivered(url, { times: 3 })).map(([status]) => status)
        assert.deepEqual(statuses, [500, 400, 201, 200, 200])
        for (const [tamper, code] of [
          ['body', 'signature_mismatch'],
          ['signature', 'signature_mismatch'],
          ['secret', 'signature_mismatch'],
          ['unsigned', 'missing_signature'],
          ['stale', 'timestamp_out_of_tolerance'],
        ]) {
          for (const answer of await delivered(url, { tamper })) assert.deepEqual(answer, [401, code])
        }
      })
      assert.equal(handler.events.length, 3)
    })

    test('a body that is announced as too long is not waited for', { timeout: 20_000 }, async () => {
      await over(name, new Receiver('linktor', SECRET), new Handler(), async ({ url }) => {
        const headers = { ...Object.fromEntries(delivery().headers), 'Content-Length': 1_048_577 }
        const sent = httpRequest(url, { method: 'POST', headers, agent: false })
        sent.flushHeaders()
        const [response] = await once(sent, 'response')
        assert.deepEqual([response.statusCode, await text(response)], [413, 'payload_too_large'])
        sent.destroy()
      })
    })

    test('a body of unknown length is read up to the limit', { timeout: 20_000 }, async () => {
      const handler = new Handler()
      await over(name, new Receiver('linktor', SECRET, { sizeLimit: 20_000 }), handler, async ({ url }) => {
        const headers = Object.fromEntries(delivery().headers)
        const sent = httpRequest(url, { method: 'POST', headers, agent: false })
        sent.on('error', () => {})
        const endless = setInterval(() => sent.write('x'.repeat(1000)), 1)
        const [response] = await once(sent, 'response')
        assert.deepEqual([response.statusCode, await text(response)], [413, 'payload_too_large'])
        clearInterval(endless)
        sent.destroy()
      })
      assert.equal(handler.events.length, 0)
    })

    test('a connection serves on after a refusal', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const handler = new Handler()
      await over(name, new Receiver('linktor', SECRET, { sizeLimit: 1000 }), handler, async ({ url }) => {
        const deliver = async (bodies, headers) => {
          const sent = httpRequest(url, { method: 'POST', headers: Object.fromEntries(headers), agent })
          Readable.from(bodies).pipe(sent)
          try {
            const [response] = await once(sent, 'response')
            return [response.statusCode, await text(response)]
          } catch (error) {
            // Hono's server closes a connection whose request nobody reads on; so the sender makes another.
            if (name !== 'hono' || !sent.reusedSocket) throw error
            return deliver(bodies, headers)
          }
        }
        const long = Array(300).fill('x'.repeat(1000))
        const { body, headers } = delivery()
        for (let i = 0; i < 3; i++) {
          const announced = [...headers, ['Content-Length', 300_000]]
          assert.deepEqual(await deliver(long, announced), [413, 'payload_too_large'])
          assert.deepEqual(await deliver(long, headers), [413, 'payload_too_large'])
          assert.deepEqual(await deliver(long, [['Content-Type', 'text/plain']]), [401, 'missing_signature'])
          assert.deepEqual(await deliver([body.subarray(0, 9), body.subarray(9)], headers), [200, ''])
        }
      })
      agent.destroy()
      assert.equal(handler.events.length, 1)
      assert.deepEqual(handler.errors, [])
    })

    test('what ends too early meets no handler', async () => {
      const handler = new Handler()
      await over(name, new Receiver('linktor', SECRET), handler, async ({ url, send }) => {
        const socket = sendPart(url, delivery())
        await sleep(50)
        socket.destroy()
        await sleep(50)
        assert.deepEqual([handler.events, handler.errors], [[], []])
        assert.equal((await send(delivery())).status, 200)
      })
    })

    test('the claim of a sender that hung up ends as the handler does', async () => {
      for (const [outcome, expected] of [
        [undefined, [200, 1]],
        [500, [200, 2]],
        [new Error('the database is away'), [200, 2]],
      ]) {
        const asked = []
        const seen = new webhooks.Deduplicator()
        const ask = (name) => async (key) => {
          const answer = seen[name](key)
          asked.push(name)
          return answer
        }
        const deduplicator = { begin: ask('begin'), commit: ask('commit'), release: ask('release') }
        const handler = new Handler({ outcomes: [outcome], wait: 100 })
        await over(name, new Receiver('linktor', SECRET, { deduplicator }), handler, async ({ url, send }) => {
          const { body, headers } = delivery()
          const sent = httpRequest(url, { method: 'POST', headers: Object.fromEntries(headers), agent: false })
          sent.on('error', () => {})
          sent.end(body)
          await until(() => handler.events.length === 1)
          sent.destroy()
          await until(() => asked.length === 2)
          const { status } = await send({ method: 'POST', body, headers })
          assert.deepEqual([status, handler.events.length], expected)
        })
      }
    })

    test('a body is verified as it was sent, whatever its encoding', async () => {
      const handler = new Handler()
      await over(name, new Receiver('linktor', SECRET), handler, async ({ send }) => {
        const body = gzipSync(delivery().body)
        const { status } = await send({
          method: 'POST',
          body,
          headers: [['Content-Encoding', 'gzip'], ...signed(body)],
        })
        assert.equal(status, 200)
        assert.deepEqual(Buffer.from(handler.events[0].bytes()), body)
      })
    })
  })
}

const FAMILIES = ['linktor', 'linktor_body', 'libromi', 'api_v1', 'api_v2', 'standard_webhooks', 'x_hub_signature_256']
for (const family of FAMILIES) {
  test(`deliveries of ${family} are received`, async () => {
    const handler = new Handler()
    const data = { content: 'Olá / 1', n: 1.5 }
    const known = sandbox.credentials[family === 'linktor_body' ? 'linktor' : family]
    await over('express 5', new Receiver(family, known.webhook_secret), handler, async ({ url }) => {
      const answers = await delivered(url, { family, data, times: 2 })
      assert.deepEqual(answers, [
        [200, ''],
        [200, ''],
      ])
    })
    // Libromi gives no id.
    assert.deepEqual(
      handler.events.map((event) => event.data()),
      Array(family === 'libromi' ? 2 : 1).fill(data),
    )
  })
}
