// Prints by how many MiB the process grows over 10,000 calls (LINKTOR_SOAK_CALLS), after 2,000 to warm up.
import { setImmediate } from 'node:timers/promises'

import { Linktor } from '@linktor/sdk'

const [, , baseUrl, apiKey] = process.argv
const client = new Linktor({ baseUrl, apiKey })
const controller = new AbortController()

async function calls(count) {
  let left = count
  const worker = async () => {
    while (left-- > 0) {
      const response = await client.get('/me', { query: { at: left }, signal: controller.signal })
      response.data()
      response.headers.get('date')
      if (left % 10 === 0) await client.get('/nowhere').catch(() => {})
      if (left % 10 === 1) await client.get('/me', { signal: AbortSignal.timeout(0) }).catch(() => {})
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker))
}

async function resident() {
  for (let at = 0; at < 5; at++) {
    gc()
    await setImmediate()
  }
  return process.memoryUsage().rss / 2 ** 20
}

await calls(2_000)
const before = await resident()
await calls(Number(process.env.LINKTOR_SOAK_CALLS ?? 10_000))
console.log((await resident()) - before)
