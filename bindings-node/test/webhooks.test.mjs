// What the vectors cannot say: the shapes of this language, and what must not be shown.
import assert from 'node:assert/strict'
import { constants } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, request as send } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'

import {
  ConfigError,
  DecodeError,
  InvalidRequestError,
  LinktorError,
  Verifier,
  WebhookEvent,
  WebhookVerificationError,
  webhooks,
} from '@linktor/sdk'

const SECRET = 'invented-secret-that-is-never-shown'
const MARKER = 'private-text-of-a-contact'
const BODY = JSON.stringify({
  id: 'evt_1',
  type: 'message.received',
  timestamp: '2026-01-02T03:04:05.678Z',
  tenantId: 'tenant-1',
  data: { content: `olá 👋 ${MARKER}` },
})
const NOW = new Date('2026-01-02T03:04:05Z')
const SIGNED = webhooks.sign('linktor', BODY, SECRET, { timestamp: NOW })
const SIGNATURE = SIGNED['X-Linktor-Signature']
const TIMESTAMP = SIGNED['X-Linktor-Timestamp']
const verifier = new Verifier('linktor', SECRET, { now: NOW })

const refused = (code) => (error) => {
  assert.ok(error instanceof WebhookVerificationError && error instanceof LinktorError, inspect(error))
  const { kind, attempts, sent, status } = error
  assert.deepEqual([kind, error.code, attempts, sent, status], ['webhook_verification', code, 0, 'no', undefined])
  return true
}

const isClean = (value) => {
  const shown = [inspect(value, { depth: Infinity, showHidden: true, getters: true }), String(value), value?.stack]
  for (const text of [...shown, JSON.stringify(value), inspect(value?.cause)]) {
    assert.ok(!text?.includes(SECRET) && !text?.includes(MARKER), text)
  }
  return true
}

test('an event tells its fields, in the types of this language', () => {
  const event = verifier.verify(BODY, SIGNED)
  assert.ok(event instanceof WebhookEvent)
  assert.equal(event.id, 'evt_1')
  assert.equal(event.type, 'message.received')
  assert.deepEqual(event.timestamp, new Date('2026-01-02T03:04:05.678Z'))
  assert.equal(event.organization, 'tenant-1')
  assert.deepEqual(event.data(), { content: `olá 👋 ${MARKER}` })
  assert.deepEqual(event.bytes(), Buffer.from(BODY))
  assert.equal(verifier.verifySignature(BODY, SIGNED), undefined)
})

test('what an event does not tell is undefined, and data that is not there is null', () => {
  const event = webhooks.verify('linktor', '{}', webhooks.sign('linktor', '{}', SECRET), SECRET)
  assert.deepEqual([event.id, event.type, event.timestamp, event.organization], Array(4).fill(undefined))
  assert.equal(event.data(), null)
})

test('data stands where it stands, whatever is written around it', () => {
  for (const data of [{ content: '👋é' }, [], [1, 'ü'], 'text', 0, false, { __proto__: null, a: 1 }]) {
    for (const body of [
      `{"before":"👋é漢","data":${JSON.stringify(data)},"after":"é"}`,
      `\ufeff \n{"é":"\\u00e9", "data" : ${JSON.stringify(data)} }\r\n`,
    ]) {
      const event = webhooks.verify('linktor_body', body, webhooks.sign('linktor_body', body, SECRET), SECRET)
      assert.deepEqual(event.data(), JSON.parse(JSON.stringify(data)))
      assert.deepEqual(event.bytes(), Buffer.from(body))
    }
  }
})

test('an event does not change', () => {
  const bytes = Buffer.from(BODY)
  const event = verifier.verify(bytes, SIGNED)
  bytes.fill(0)
  event.bytes().fill(0)
  event.timestamp.setTime(0)
  event.data().content = ''
  for (const name of ['id', 'type', 'timestamp', 'organization']) {
    assert.throws(() => Object.assign(event, { [name]: 'another' }), TypeError)
  }
  assert.deepEqual(event.bytes(), Buffer.from(BODY))
  assert.equal(event.timestamp.getUTCFullYear(), 2026)
  assert.match(event.data().content, /olá/)
})

test('a body that is not JSON, nor text, is verified all the same', () => {
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80])
  const event = webhooks.verify('libromi', bytes, webhooks.sign('libromi', bytes, SECRET), SECRET)
  const same = Buffer.from(bytes)
  bytes.fill(1)
  event.bytes().fill(2)
  assert.deepEqual(Buffer.from(event.bytes()), same)
  assert.throws(() => event.data(), { name: 'DecodeError', kind: 'decode', attempts: 0, sent: 'no' })
})

test('a body is bytes in any view of them, or a text', () => {
  const bytes = Buffer.from(BODY)
  const within = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('after')])
  const shared = new Uint8Array(new SharedArrayBuffer(within.length))
  shared.set(within)
  const { buffer } = new Uint8Array(bytes)
  for (const body of [
    BODY,
    bytes,
    new Uint8Array(bytes),
    buffer,
    new DataView(buffer),
    within.subarray(6, -5),
    new Uint8Array(within.buffer, within.byteOffset + 6, bytes.length),
    new DataView(within.buffer, within.byteOffset + 6, bytes.length),
    shared.subarray(6, -5),
    Buffer.from(shared.buffer, 6, bytes.length),
  ]) {
    assert.equal(verifier.verify(body, SIGNED).id, 'evt_1', inspect(body))
    assert.equal(webhooks.sign('linktor', body, SECRET, { timestamp: NOW })['X-Linktor-Signature'], SIGNATURE)
  }
  const empty = webhooks.sign('linktor', '', SECRET, { timestamp: NOW })
  for (const body of ['', Buffer.alloc(0), new ArrayBuffer(0)]) verifier.verifySignature(body, empty)
  assert.throws(() => verifier.verify(within, SIGNED), refused('signature_mismatch'))
})

test('what is no body is refused, with how to get one', () => {
  for (const body of [undefined, null, JSON.parse(BODY), [BODY], Promise.resolve(BODY), 7, 7n, true, () => BODY]) {
    for (const call of [
      () => verifier.verify(body, SIGNED),
      () => verifier.verifySignature(body, SIGNED),
      () => webhooks.verify('linktor', body, SIGNED, SECRET),
      () => webhooks.sign('linktor', body, SECRET),
    ]) {
      assert.throws(call, (error) => {
        assert.ok(error instanceof InvalidRequestError, inspect(body))
        assert.match(
          error.message,
          /bytes as they were received.*express\.raw\(\{ type: \(\) => true, limit: '1mb' \}\)/,
        )
        return isClean(error)
      })
    }
  }
  for (const body of [new Proxy(Buffer.from(BODY), {}), Object.create(Buffer.prototype)]) {
    assert.throws(() => verifier.verify(body, SIGNED), InvalidRequestError)
  }
  assert.throws(() => webhooks.sign('linktor', '\ud800', SECRET), InvalidRequestError)
})

test('memory that was given away is no empty body', () => {
  const given = new ArrayBuffer(8)
  const bodies = [given, new Uint8Array(given), new DataView(given), Buffer.from(given)]
  structuredClone(given, { transfer: [given] })
  const signed = webhooks.sign('libromi', '', SECRET)
  for (const body of bodies) {
    assert.throws(() => webhooks.verify('libromi', body, signed, SECRET), InvalidRequestError)
    assert.throws(() => webhooks.sign('libromi', body, SECRET), InvalidRequestError)
  }
})

test('an event is of the bytes that were verified, whatever their methods say', () => {
  const bytes = Buffer.from(BODY)
  bytes.toString = () => '{"id":"evil","data":"evil"}'
  const event = verifier.verify(bytes, SIGNED)
  assert.deepEqual(event.bytes(), Buffer.from(BODY))
  assert.equal(event.data().content, `olá 👋 ${MARKER}`)
})

test('a body that is longer than a text can be stays bytes', () => {
  const body = Buffer.alloc(constants.MAX_STRING_LENGTH + 1, 'a')
  const event = WebhookEvent.of(body, '["evt_1",null,null,null,[0,0]]')
  assert.equal(event.id, 'evt_1')
  assert.throws(() => event.data(), DecodeError)
})

test('headers come in every shape that frameworks give them', () => {
  const names = ['X-LINKTOR-SIGNATURE', 'x-linktor-timestamp']
  const others = { host: 'example.com', 'content-length': 7, 'set-cookie': ['a', 'b'], absent: undefined, odd: null }
  const bytes = (text) => Buffer.from(text)
  const turns = ['Host', 'example.com', names[0], SIGNATURE, names[1], TIMESTAMP]
  function* pairs() {
    yield [names[0], SIGNATURE]
    yield [names[1], TIMESTAMP]
  }
  for (const headers of [
    { ...others, [names[0]]: SIGNATURE, [names[1]]: TIMESTAMP },
    { [names[0]]: [SIGNATURE], [names[1]]: [TIMESTAMP] },
    { [names[0]]: bytes(SIGNATURE), [names[1]]: [bytes(TIMESTAMP)] },
    Object.assign(Object.create(null), { [names[0]]: SIGNATURE, [names[1]]: ` ${TIMESTAMP}\t` }),
    new Headers(SIGNED),
    new Request('http://localhost', { method: 'POST', headers: SIGNED }).headers,
    new Map(pairs()),
    new Map([...pairs()].map(([name, value]) => [name, [value]])),
    [...pairs()],
    pairs(),
    new Set(pairs()),
    [...pairs()].map((pair) => pair.map(bytes)),
    turns,
    turns.map(bytes),
    turns.map((text) => new Uint8Array(bytes(text))),
  ]) {
    assert.equal(verifier.verify(BODY, headers).id, 'evt_1', inspect(headers))
  }
})

test('a header that is there twice is refused, however that is told', () => {
  const [name, time] = ['x-linktor-signature', 'x-linktor-timestamp']
  const twice = refused('malformed_signature')
  for (const headers of [
    { [name]: [SIGNATURE, SIGNATURE], [time]: TIMESTAMP },
    { [name]: SIGNATURE, [name.toUpperCase()]: SIGNATURE, [time]: TIMESTAMP },
    { [name]: SIGNATURE, [time]: [TIMESTAMP, TIMESTAMP] },
    { [name]: `${SIGNATURE}, ${SIGNATURE}`, [time]: TIMESTAMP },
    [name, SIGNATURE, time, TIMESTAMP, name, SIGNATURE],
    [...Object.entries(SIGNED), [name, SIGNATURE]],
    new Map([...Object.entries(SIGNED), [name, SIGNATURE]]),
    new Headers([...Object.entries(SIGNED), [name, SIGNATURE]]),
  ]) {
    assert.throws(() => verifier.verify(BODY, headers), twice, inspect(headers))
    assert.throws(() => verifier.verifySignature(BODY, headers), twice, inspect(headers))
  }
  for (const none of [
    {},
    [],
    new Headers(),
    { [name]: [], [time]: TIMESTAMP },
    { [name]: undefined },
    { [name]: null },
    [[name, null]],
  ]) {
    assert.throws(() => verifier.verify(BODY, none), refused('missing_signature'), inspect(none))
  }
})

test('a name or value with a line feed is no other header', () => {
  const line = `x\nX-Linktor-Signature\n${SIGNATURE}`
  for (const headers of [
    { other: line, 'X-Linktor-Timestamp': TIMESTAMP },
    { [`other\n${line}`]: 'x', 'X-Linktor-Timestamp': TIMESTAMP },
    { 'X-Linktor-Timestamp': TIMESTAMP, 'X-Linktor-Signature\n': SIGNATURE },
  ]) {
    assert.throws(() => verifier.verify(BODY, headers), refused('missing_signature'))
  }
  for (const headers of [
    { ...SIGNED, 'X-Linktor-Timestamp': `${TIMESTAMP}\nX-Linktor-Signature\n${SIGNATURE}` },
    { ...SIGNED, 'X-Linktor-Signature': `${SIGNATURE}\n` },
    { ...SIGNED, 'X-Linktor-Signature': `\n${SIGNATURE}` },
    { ...SIGNED, 'X-Linktor-Signature': `\u0130${SIGNATURE}` },
    { ...SIGNED, 'X-Linktor-Signature': `\ud800${SIGNATURE}` },
    // Its low byte alone is a digit.
    { ...SIGNED, 'X-Linktor-Timestamp': `\u0131${TIMESTAMP.slice(1)}` },
  ]) {
    assert.throws(() => verifier.verify(BODY, headers), refused('malformed_signature'))
  }
  // A letter whose lower case is ASCII, and which is not.
  assert.throws(
    () => verifier.verify(BODY, { 'X-Lin\u212ator-Signature': SIGNATURE, 'X-Linktor-Timestamp': TIMESTAMP }),
    refused('missing_signature'),
  )
})

test('what are no headers is refused', () => {
  const name = 'x-linktor-signature'
  for (const headers of [
    undefined,
    null,
    7,
    'X-Linktor-Signature: 1',
    [['a']],
    ['a', 'b', 'c'],
    [7],
    [['a', 'b'], 'c'],
    [null],
    [[name, 7]],
    [[7, 'a']],
    { [name]: 7 },
    { [name]: { secret: SECRET } },
    { [name]: [SIGNATURE, [SIGNATURE]] },
    Buffer.from('abc'),
  ]) {
    assert.throws(
      () => verifier.verify(BODY, headers),
      (error) => error instanceof InvalidRequestError && /headers/.test(error.message) && isClean(error),
      inspect(headers),
    )
  }
})

test('a server of node:http hands its bytes and headers on', async () => {
  const verdicts = []
  const server = createServer(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    for (const headers of [request.headers, request.headersDistinct, request.rawHeaders]) {
      try {
        verdicts.push(verifier.verify(Buffer.concat(chunks), headers).type)
      } catch (error) {
        verdicts.push(error.code)
      }
    }
    response.end()
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const deliver = (headers) =>
    new Promise((resolve, reject) => {
      const options = { port: server.address().port, method: 'POST', headers, agent: false }
      send(options, (answer) => answer.resume().on('end', resolve))
        .on('error', reject)
        .end(BODY)
    })
  await deliver(SIGNED)
  await deliver({ ...SIGNED, 'X-Linktor-Signature': [SIGNATURE, SIGNATURE] })
  await deliver({})
  server.close()
  const thrice = (verdict) => [verdict, verdict, verdict]
  const expected = ['message.received', 'malformed_signature', 'missing_signature'].flatMap(thrice)
  assert.deepEqual(verdicts, expected)
})

test('a secret is a text or bytes, one or several', () => {
  const bytes = Buffer.concat([Buffer.from('x'), Buffer.from(SECRET)]).subarray(1)
  for (const secret of [SECRET, bytes, new Uint8Array(bytes), ['another', SECRET], [bytes], [bytes, 'another']]) {
    assert.equal(webhooks.verify('linktor', BODY, SIGNED, secret, { now: NOW }).id, 'evt_1')
  }
  const raw = Buffer.from([0xff, 0x00, 0x0a])
  webhooks.verifySignature('libromi', BODY, webhooks.sign('libromi', BODY, raw), raw)
})

test('a secret that is none is refused, and never becomes a text', () => {
  const signed = webhooks.sign('linktor', BODY, 'undefined')
  for (const secret of [
    undefined,
    null,
    '',
    ' \t\r\n',
    [],
    [undefined],
    Array(1),
    Object.assign([], { 1: SECRET }),
    [SECRET, null],
    7,
    {},
    [[SECRET]],
    '\ud800',
  ]) {
    for (const call of [
      () => webhooks.verify('linktor', BODY, signed, secret),
      () => webhooks.verifySignature('linktor', BODY, signed, secret),
      () => new Verifier('linktor', secret),
      () => webhooks.sign('linktor', BODY, secret),
    ]) {
      assert.throws(call, (error) => error instanceof ConfigError && /secret/.test(error.message) && isClean(error))
    }
  }
})

test('times are milliseconds, or dates', () => {
  const at = (options) => webhooks.verify('linktor', BODY, SIGNED, SECRET, options)
  const late = refused('timestamp_out_of_tolerance')
  at({ now: NOW.getTime() + 300_000 })
  at({ now: new Date(NOW.getTime() - 300_000) })
  assert.throws(() => at({ now: NOW.getTime() + 301_000 }), late)
  assert.throws(() => at({}), late)
  at({ now: NOW.getTime() + 2_000, tolerance: 2_000 })
  assert.throws(() => at({ now: NOW.getTime() + 3_000, tolerance: 2_000 }), late)
  assert.deepEqual(webhooks.sign('linktor', BODY, SECRET, { timestamp: NOW.getTime() }), SIGNED)
  at({ now: NOW, tolerance: undefined, sizeLimit: undefined })
})

test('options are refused by the names that they have here', () => {
  const make = (options) => () => new Verifier('linktor', SECRET, options)
  for (const [call, pattern] of [
    [make({ size_limit: 5 }), /`size_limit`.*now, sizeLimit, tolerance/],
    [make({ sizeLimit: 0 }), /^sizeLimit must/],
    [make({ sizeLimit: 1.5 }), /^sizeLimit must/],
    [make({ sizeLimit: -1 }), /^sizeLimit must/],
    [make({ sizeLimit: '1' }), /^sizeLimit must/],
    [make({ tolerance: '5m' }), /^tolerance must/],
    [make({ tolerance: -1 }), /^tolerance must/],
    [make({ tolerance: NaN }), /^tolerance must/],
    [make({ tolerance: null }), /^tolerance must/],
    [make({ now: 'now' }), /^now must/],
    [make({ now: new Date('never') }), /^now must/],
    [make(null), /object/],
    [() => new Verifier('libromi', SECRET, { tolerance: 5 }), /tolerance/],
    [() => webhooks.sign('linktor', BODY, SECRET, { id: 'evt_1' }), /^id /],
    [() => webhooks.sign('standard_webhooks', BODY, SECRET, { id: null }), /^id /],
    [() => webhooks.sign('standard_webhooks', BODY, 'c2VjcmV0', { id: '\ud800' }), /\bid\b/],
    [() => webhooks.sign('linktor', BODY, SECRET, { timestamp: 'now' }), /^timestamp /],
    [() => webhooks.sign('libromi', BODY, SECRET, { timestamp: 0 }), /^timestamp /],
    [() => webhooks.sign('linktor', BODY, SECRET, { now: 0 }), /`now`.*id, timestamp/],
    [() => webhooks.sign('linktor', BODY, [SECRET, 'another']), /one webhook secret/],
    [() => new webhooks.Deduplicator({ capacity: 0 }), /capacity/],
    [() => new webhooks.Deduplicator({ capacity: -1 }), /capacity/],
    [() => new webhooks.Deduplicator({ capacity: 2.5 }), /capacity/],
    [() => new webhooks.Deduplicator({ capacity: '9' }), /^capacity must/],
    [() => new webhooks.Deduplicator({ capacity: NaN }), /^capacity must/],
    [() => new webhooks.Deduplicator({ size: 9 }), /`size`.*capacity/],
  ]) {
    assert.throws(
      call,
      (error) => error instanceof ConfigError && pattern.test(error.message) && isClean(error),
      `${call}`,
    )
  }
})

test('what only the prototype of options has is no option', () => {
  const polluted = { now: 0, tolerance: 1e15, sizeLimit: 1, id: 'evt_2', timestamp: 0, capacity: 1 }
  const old = webhooks.sign('linktor', BODY, SECRET, { timestamp: 0 })
  Object.assign(Object.prototype, polluted)
  try {
    assert.throws(() => webhooks.verify('linktor', BODY, old, SECRET), refused('timestamp_out_of_tolerance'))
    webhooks.verify('linktor', BODY, webhooks.sign('linktor', BODY, SECRET), SECRET)
    const seen = new webhooks.Deduplicator()
    for (const id of ['evt_1', 'evt_2']) seen.commit(id)
    assert.equal(seen.begin('evt_1'), 'done')
  } finally {
    for (const name of Object.keys(polluted)) delete Object.prototype[name]
  }
})

test('a capacity is what the core takes for one', () => {
  for (const capacity of [1, 2 ** 60, 1e300]) new webhooks.Deduplicator({ capacity }).commit('evt_1')
})

test('a scheme is a name, a document or a provider', () => {
  const signature = { kind: 'hmac', header: 'X-Acme-Signature', prefix: 'sha256=' }
  const event = { type: ['X-Acme-Event'], id: ['/ref'] }
  const body = '{"ref":7}'
  for (const scheme of [
    { signature, event },
    { signature: { ...signature, timestamp_header: undefined }, event },
  ]) {
    const headers = { ...webhooks.sign(scheme, body, SECRET), 'x-acme-event': 'parcel.sent' }
    const { id, type } = webhooks.verify(scheme, body, headers, SECRET)
    assert.deepEqual([id, type], ['7', 'parcel.sent'])
  }
  const odd = { signature: { kind: 'hmac', header: '__proto__' } }
  const headers = webhooks.sign(odd, body, SECRET)
  assert.deepEqual(Object.keys(headers), ['__proto__'])
  webhooks.verifySignature(odd, body, headers, SECRET)
  for (const scheme of [undefined, null, 7, [], {}, () => {}, 'linkit', 'Linktor', { signature: {} }, { a: 7n }]) {
    assert.throws(() => new Verifier(scheme, SECRET), ConfigError, inspect(scheme))
  }
})

test('neither secrets nor data are shown', () => {
  const event = verifier.verify(BODY, SIGNED)
  assert.equal(inspect(event), "WebhookEvent { id: 'evt_1', type: 'message.received' }")
  assert.equal(inspect(verifier), 'Verifier {}')
  const text = `{"data":"${MARKER}`
  const broken = webhooks.verify('linktor', text, webhooks.sign('linktor', text, SECRET), SECRET)
  const clones = [event, verifier].map((one) => structuredClone(one))
  for (const value of [event, verifier, broken, ...clones]) isClean(value)
  assert.throws(
    () => broken.data(),
    (error) => error instanceof DecodeError && isClean(error),
  )
  const long = [MARKER, SECRET].join(' ')
  for (const call of [
    () => verifier.verify(`${BODY} `, SIGNED),
    () => verifier.verify(BODY, { ...SIGNED, 'X-Linktor-Signature': long }),
    () => verifier.verify(BODY, { ...SIGNED, 'X-Linktor-Timestamp': long }),
    () => new Verifier('standard_webhooks', long),
    () => new Verifier('standard_webhooks_v1a', `whsk_${long}`),
    () => new Verifier('linktor', [SECRET, { SECRET }]),
  ]) {
    assert.throws(call, (error) => error instanceof LinktorError && isClean(error))
  }
})

test('an error is of where it was thrown', () => {
  const call = () => verifier.verify(BODY, {})
  assert.throws(call, (error) => error.name === 'WebhookVerificationError' && /webhooks\.test\.mjs/.test(error.stack))
})

test('no garbage is anything but refused', () => {
  let state = 7
  const random = (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const bytes = (most) => Buffer.from(Array.from({ length: random(most) }, () => random(256)))
  const text = () => String.fromCharCode(...Array.from({ length: random(40) }, () => random(random(3) ? 128 : 65_536)))
  const schemes = ['linktor', 'linktor_body', 'api_v1', 'standard_webhooks', 'x_hub_signature_256']
  const verifiers = schemes.map((scheme) => [scheme, new Verifier(scheme, 'c2VjcmV0')])
  for (let round = 0; round < 3_000; round++) {
    const [scheme, one] = verifiers[random(schemes.length)]
    const body = random(2) ? bytes(200) : text().toWellFormed()
    const headers = Object.entries(webhooks.sign(scheme, body, 'c2VjcmV0'))
    const spoiled = headers[random(headers.length)]
    const before = spoiled[1]
    spoiled[1] = [bytes(90), text(), before + text(), before.slice(random(9)), bytes(20)][random(5)]
    try {
      const event = one.verify(body, headers)
      void [event.id, event.type, event.timestamp, event.organization]
      const same = Buffer.from(spoiled[1]).toString('latin1').trim()
      assert.equal(same, before, 'a delivery that is not what was signed')
    } catch (error) {
      assert.ok(error instanceof WebhookVerificationError, inspect(error))
    }
  }
})

test('short forms keep no keys until the turn ends', () => {
  const program = `
    const { webhooks } = require('@linktor/sdk')
    const headers = webhooks.sign('libromi', '{}', 'secret')
    const before = process.memoryUsage().rss
    for (let at = 0; at < 20_000; at++) webhooks.verifySignature('libromi', '{}', headers, 'secret')
    console.log((process.memoryUsage().rss - before) / 2 ** 20)`
  const told = { cwd: import.meta.dirname, encoding: 'utf8' }
  const grown = Number(execFileSync(process.execPath, ['--max-semi-space-size=1', '-e', program], told))
  assert.ok(grown < 30, `${grown} MiB`)
})

test('a deduplicator knows what was done', () => {
  const seen = new webhooks.Deduplicator({ capacity: 2 })
  assert.equal(seen.begin('evt_1'), 'new')
  assert.equal(seen.begin('evt_1'), 'in_progress')
  seen.release('evt_1')
  assert.equal(seen.begin('evt_1'), 'new')
  seen.commit('evt_1')
  assert.equal(seen.begin('evt_1'), 'done')
  seen.commit('evt_2')
  seen.commit('evt_3')
  assert.equal(seen.begin('evt_1'), 'new')
  for (const id of [undefined, null, '', ' ', 7, {}, '\ud800', 'a\udc00']) {
    for (const name of ['begin', 'commit', 'release']) assert.throws(() => seen[name](id), InvalidRequestError)
  }
})

test('worker threads verify with verifiers of their own, and may end at any time', async () => {
  const program = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { Verifier } = require('@linktor/sdk')
    const { body, headers, secret, now } = workerData
    const verifier = new Verifier('linktor', secret, { now })
    let right = 0
    for (let at = 0; at < 2000; at++) if (verifier.verify(body, headers).data().content) right += 1
    parentPort.postMessage(right)
    for (;;) new Verifier('linktor', secret, { now }).verify(body, headers)`
  const workerData = { body: Buffer.from(BODY), headers: SIGNED, secret: SECRET, now: NOW }
  const one = async () => {
    const worker = new Worker(program, { eval: true, workerData })
    const right = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
    await worker.terminate()
    return right
  }
  assert.deepEqual(await Promise.all([one(), one(), one()]), [2000, 2000, 2000])
})

test('the documented examples run', async () => {
  const folder = join(import.meta.dirname, '..')
  const files = [
    'webhooks.ts',
    'webhooks/deduplicator.ts',
    'webhooks/event.ts',
    'webhooks/sign.ts',
    'webhooks/verifier.ts',
  ]
  const blocks = files.flatMap((file) => {
    const text = readFileSync(join(folder, 'ts', file), 'utf8')
    return [...text.matchAll(/^ \* ```ts\n(.*?)^ \* ```/gms)].map(([, lines]) => lines.replace(/^ \* ?/gm, ''))
  })
  assert.equal(blocks.length, 6)

  const AsyncFunction = (async () => {}).constructor
  const handled = []
  const sdk = { webhooks, Verifier, WebhookVerificationError }
  for (const block of blocks) {
    const scheme = block.includes('x_hub') ? 'x_hub_signature_256' : 'linktor'
    const headers = webhooks.sign(scheme, BODY, SECRET)
    const names = {
      ...sdk,
      body: BODY,
      headers,
      secret: SECRET,
      newSecret: 'another',
      oldSecret: SECRET,
      event: verifier.verify(BODY, SIGNED),
      request: { body: Buffer.from(BODY), headers, arrayBuffer: async () => Buffer.from(BODY) },
      url: 'data:,',
      fetch: async (_, { body, headers }) => webhooks.verify('linktor', body, headers, SECRET),
      handle: (data) => handled.push(data.content),
    }
    await new AsyncFunction(...Object.keys(names), `{${block}}`)(...Object.values(names))
  }
  assert.equal(handled.length, 2)
  const nameless = '{"data":{"content":""}}'
  const event = webhooks.verify('linktor', nameless, webhooks.sign('linktor', nameless, SECRET), SECRET)
  const [block] = blocks.filter((text) => text.includes('seen.begin'))
  const deduplicated = new AsyncFunction('webhooks', 'event', 'handle', block)
  assert.equal(await deduplicated(webhooks, event, () => undefined), 200)
})
