// Prints how many of 200 clients are left after nobody holds them any more.
import { setTimeout as sleep } from 'node:timers/promises'

import { Linktor } from '@linktor/sdk'

const [, , baseUrl, apiKey] = process.argv
let left = 0
const registry = new FinalizationRegistry(() => left--)

async function use(credential) {
  const client = new Linktor({ baseUrl, ...credential })
  await client.get('/me').catch(() => {})
  left++
  registry.register(client)
}

for (let at = 0; at < 100; at++) {
  await use({ apiKey })
  await use({ tokenSource: () => 'invented' })
}
for (let at = 0; at < 50 && left > 0; at++) {
  gc()
  await sleep(20)
}
console.log(left)
