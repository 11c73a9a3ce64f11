// Exits while questions come and go.
import { Linktor } from '@linktor/sdk'

const [, , baseUrl, token] = process.argv
const texts = new Map()
const tokenStore = {
  load: (key) => texts.get(key),
  save: (key, text) => texts.set(key, text),
  lock: () => () => {},
}
const clients = [
  new Linktor({ baseUrl, tokenSource: () => ({ token, expiresIn: 1 }), onEvent() {} }),
  new Linktor({ baseUrl, apiKey: token, fetch: async () => new Response('{}') }),
  new Linktor({ baseUrl, email: 'ada@example.com', password: 'invented', tokenStore, fetch }),
]
for (const client of [...clients, ...clients]) {
  const spin = async () => {
    for (;;) await client.get('/me').catch(() => {})
  }
  spin()
}
setTimeout(() => process.exit(7), 200)
