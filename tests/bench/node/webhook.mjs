// The signature of a delivery, with a kept verifier, against Node's own HMAC.
import { strict as assert } from 'node:assert'
import { createHmac, timingSafeEqual } from 'node:crypto'

import { Verifier, webhooks } from '@linktor/sdk'

import { interleaved, median, perSecond, table } from './rounds.mjs'

const SCHEME = 'x_hub_signature_256'
const SECRET = 'invented-secret'
const SIZES = [
  { size: 256, name: '256 B', count: 20_000 },
  { size: 1_024, name: '1 KiB', count: 20_000, target: '2x or more' },
  { size: 65_536, name: '64 KiB', count: 2_000 },
]

export async function webhook(rounds) {
  const verifier = new Verifier(SCHEME, SECRET)
  const rows = []
  for (const { size, name, count, target } of SIZES) {
    const body = Buffer.from(JSON.stringify({ content: 'x'.repeat(size - '{"content":""}'.length) }))
    const headers = received(body)
    verifier.verifySignature(body, headers)
    assert(signedByHand(body, headers))
    const measured = await interleaved(rounds, {
      linktor: () => rate(count, () => verifier.verifySignature(body, headers)),
      hmac: () => rate(count, () => assert(signedByHand(body, headers))),
    })
    const [ours, theirs] = ['linktor', 'hmac'].map((run) => perSecond(median(measured.map((round) => round[run]))))
    const ratios = measured.map((round) => round.linktor / round.hmac)
    rows.push({ name: `${name}, ${ours}`, ratios, told: theirs, target })
  }
  table("signature of a webhook against node:crypto's createHmac and timingSafeEqual", rows)
}

/** What Node.js gives as `request.headers` of a delivery through a proxy. */
function received(body) {
  const signed = Object.entries(webhooks.sign(SCHEME, body, SECRET)).map(([name, value]) => [name.toLowerCase(), value])
  return {
    host: 'app.example.com',
    'user-agent': 'sender/1.0',
    accept: '*/*',
    'accept-encoding': 'gzip, deflate',
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...Object.fromEntries(signed),
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-proto': 'https',
    'x-request-id': '5b1f0c52-7a7e-4f0e-9d3c-000000000001',
  }
}

function signedByHand(body, headers) {
  const expected = createHmac('sha256', SECRET).update(body).digest()
  const given = Buffer.from(headers['x-hub-signature-256'].slice('sha256='.length), 'hex')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function rate(count, call) {
  const started = performance.now()
  for (let index = 0; index < count; index++) call()
  return (count * 1e3) / (performance.now() - started)
}
