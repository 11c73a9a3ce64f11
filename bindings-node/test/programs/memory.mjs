// Prints by how much the process grows over so much work, after a part of it to warm up.
import { readdirSync } from 'node:fs'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'

import { Linktor } from '@linktor/sdk'

const [, , baseUrl, apiKey, name, count, email, password] = process.argv
const client = new Linktor({ baseUrl, apiKey })
const fetching = new Linktor({ baseUrl, apiKey, fetch, onEvent() {} })
const never = new AbortController()

const work = {
  async calls(at) {
    const response = await client.get('/me', { query: { at }, signal: never.signal })
    response.data()
    response.headers.get('date')
    if (at % 10 === 0) await client.get('/nowhere').catch(() => {})
  },

  async aborted(at) {
    const controller = new AbortController()
    const call = client.get('/me', { signal: controller.signal }).catch(() => {})
    // Before it is sent, in mid-call, or when it is nearly done.
    if (at % 4 > 0) await sleep(Math.random() * 20)
    controller.abort()
    await call
  },

  async fetched() {
    await fetching.get('/me')
  },

  async failing(at) {
    const fail = () => Promise.reject(new Error(`failure ${at}`))
    const tokenStore = { load: fail, save() {}, lock: () => () => {} }
    const options = [{ tokenSource: fail }, { apiKey, fetch: fail }, { email, password, tokenStore }]
    await new Linktor({ baseUrl, ...options[at % 3] }).get('/me').catch(() => {})
  },

  async clients(at) {
    const one = new Linktor({ baseUrl, apiKey, onEvent: () => one })
    const organization = one.withOrganization('org_1')
    const other = organization.withCredentials({ tokenSource: () => (other ? apiKey : '') })
    if (at % 10 === 0) await Promise.all([one, organization, other].map((each) => each.get('/me')))
  },

  async closed(at) {
    const one = new Linktor({ baseUrl, tokenSource: () => apiKey })
    if (at % 10 === 0) await one.get('/me')
    one.close()
  },
}[name]

async function much(count) {
  let left = count
  const worker = async () => {
    while (left-- > 0) {
      await work(left)
      // V8 does not know how much clients hold, and would let thousands of them be.
      if (left % 100 === 0) gc()
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker))
}

async function standing() {
  // Errors of functions are let go of once a second.
  await sleep(1_500)
  for (let at = 0; at < 10; at++) {
    gc()
    await setImmediate()
  }
  return {
    mebibytes: process.memoryUsage().rss / 2 ** 20,
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    resources: process.getActiveResourcesInfo().length,
  }
}

await much(Math.max(500, count / 5))
const before = await standing()
await much(Number(count))
const after = await standing()
console.log(JSON.stringify(Object.fromEntries(Object.entries(after).map(([one, value]) => [one, value - before[one]]))))
