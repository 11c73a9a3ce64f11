// Prints how many of 400 clients and handles are left after nobody holds them any more.
import { setTimeout as sleep } from 'node:timers/promises'

import { Linktor } from '@linktor/sdk'

const [, , baseUrl, apiKey] = process.argv
const root = new Linktor({ baseUrl, apiKey })
let left = 0
const registry = new FinalizationRegistry(() => left--)

async function use(client) {
  await client.get('/me').catch(() => {})
  left++
  registry.register(client)
}

function handleThatItsSourceHolds() {
  const handle = root.withCredentials({ tokenSource: () => handle.provider })
  return handle
}

for (let at = 0; at < 100; at++) {
  await use(new Linktor({ baseUrl, apiKey }))
  await use(new Linktor({ baseUrl, tokenSource: () => 'invented' }))
  await use(root.withOrganization('org_1'))
  await use(handleThatItsSourceHolds())
}
for (let at = 0; at < 50 && left > 0; at++) {
  gc()
  await sleep(20)
}
console.log(left)
