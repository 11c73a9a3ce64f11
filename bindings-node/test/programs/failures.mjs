// Prints how many of 200 errors of functions, and of the clients whose they were, are left after a while.
import { setTimeout as sleep } from 'node:timers/promises'

import { Linktor } from '@linktor/sdk'

const [, , baseUrl, apiKey] = process.argv
const left = new Set()
const registry = new FinalizationRegistry((name) => left.delete(name))

function watched(thing, name) {
  left.add(name)
  registry.register(thing, name)
  return thing
}

async function fail(at) {
  const failing = (what) => async () => {
    throw watched(new Error('no'), `${what} ${at}`)
  }
  const tokenStore = { load: failing('load'), save() {}, lock: () => () => {} }
  const clients = [
    new Linktor({ baseUrl, tokenSource: failing('source') }),
    new Linktor({ baseUrl, apiKey, fetch: failing('fetch') }),
    new Linktor({ baseUrl, email: 'ada@example.com', password: 'invented', tokenStore }),
    new Linktor({ baseUrl, apiKey, onEvent: () => client }),
  ]
  const client = clients.at(-1)
  for (const [number, one] of clients.entries()) {
    await watched(one, `client ${number} ${at}`)
      .get('/me')
      .catch(() => {})
  }
}

for (let at = 0; at < 50; at++) await fail(at)
// What the functions threw is let go of once a second.
for (let at = 0; at < 100 && left.size > 0; at++) {
  gc()
  await sleep(100)
}
console.log(left.size, ...[...left].slice(0, 5))
