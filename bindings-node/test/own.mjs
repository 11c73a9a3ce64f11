// Functions of the caller's own, as a vector tells of them: a token store, a transport, and a webhook's handler.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

import { Receiver, webhooks } from '@linktor/sdk'

import { FRONTS, Handler } from './receivers/fronts.mjs'
import { secretOf } from './steps.mjs'

/** A token store in memory, which does wrong what it is told. */
export class Store {
  #records = new Map()
  #calls = []
  #faults
  #saved

  constructor(told) {
    this.#faults = told
    this.#saved = told.saved
    if (told.locks) this.lock = this.#lock
  }

  async load(key) {
    await this.#call('load')
    return this.#records.get(key) ?? this.#saved
  }

  async save(key, text) {
    await this.#call('save')
    this.#records.set(key, text)
  }

  async #lock() {
    await this.#call('lock')
    return () => this.#calls.push('unlock')
  }

  async #call(name) {
    this.#calls.push(name)
    if (this.#faults.hang === name) await new Promise(() => {})
    if (this.#faults.fail === name) throw new Error(`it cannot ${name}`)
  }

  /** Makes a step about it. */
  async take({ store: what, with: faults, expect }) {
    if (what === 'change') {
      this.#faults = faults
      return
    }
    // A renewal for which nobody waits any more may be about to end.
    for (let tries = 0; tries < 200 && `${this.#calls}` !== `${expect.calls}`; tries++) await sleep(10)
    assert.deepEqual(this.#calls.splice(0), expect.calls, 'calls')
    if ('records' in expect) assert.equal(this.#records.size, expect.records, 'records')
  }
}

const NETWORK_FAILURES = {
  connect: () => new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) }),
  interrupted: () => new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNRESET' }) }),
  timeout: () => new DOMException('late', 'TimeoutError'),
}

/** A `fetch` that has a result for each request, or sends it; its `client` is to be set. */
export function wireOf(results) {
  const left = [...results]
  const wire = async (url, init) => {
    const { error, fail, status, headers, text = '', get } = left.shift() ?? {}
    if (error !== undefined) throw new Error(error)
    if (fail !== undefined) throw NETWORK_FAILURES[fail]()
    if (status !== undefined) return new Response(text === '' ? null : Buffer.from(text), { status, headers })
    if (get !== undefined) await wire.client.get(get)
    return fetch(url, init)
  }
  return wire
}

/** What `fetch` sends of its own. */
export const OF_FETCH = ['accept-language', 'sec-fetch-mode']

/** A case's receiver behind `node:http`, and its handler. */
export async function inboxOf({ scheme, secret, size_limit: sizeLimit }, deduplicator) {
  const handler = new Handler()
  const receiver = new Receiver(scheme, secretOf(secret), { sizeLimit, deduplicator })
  const { send, close } = await FRONTS['node:http'](receiver, handler)

  /** Makes a delivery. */
  async function deliver({ receive, method = 'POST', secret: signer = secret, headers = [], expect, ...told }) {
    const body = Buffer.from(receive)
    const options = {}
    if ('id' in told) options.id = told.id
    if ('timestamp' in told) options.timestamp = told.timestamp * 1000
    const signed = signer === null ? [] : Object.entries(webhooks.sign(scheme, body, secretOf(signer), options))
    handler.outcomes = [told.handler]
    const before = handler.events.length
    const answer = await send({ method, body, headers: [...headers, ...signed] })
    assert.equal(answer.status, expect.status, 'status')
    if ('body' in expect) assert.equal(answer.body, expect.body, 'body')
    if ('handled' in expect) assert.equal(handler.events.length - before, expect.handled, 'handled')
    for (const [name, value] of Object.entries(expect.headers ?? {})) {
      assert.equal(answer.headers[name] ?? null, value, name)
    }
  }
  return { deliver, close }
}
