import { AsyncLocalStorage } from 'node:async_hooks'

import { type Fetch, Linktor, type LinktorEvent, Provider, type ProviderDocument, type TokenStore } from '@linktor/sdk'

const sessions = new Map<string, string>()
const tokenStore: TokenStore = {
  load: async (key) => sessions.get(key),
  save: (key, text, { signal }) => !signal.aborted && sessions.set(key, text),
  lock: async (key) => (key ? () => sessions.delete(key) : undefined),
}
const mocked: Fetch = async (url, { method, headers, body, signal }) => {
  signal.throwIfAborted()
  return new Response(JSON.stringify({ url, method, sent: body?.byteLength ?? 0 }), { headers })
}

const trace = new AsyncLocalStorage<string>()
function onEvent(event: LinktorEvent): void {
  if (event.type === 'token_store_unlocked') return
  const id: string = event.requestId
  const told: number = event.type === 'call_ended' ? event.attempts : event.type === 'wait_started' ? event.expected : 0
  console.log(trace.getStore(), id, told)
  // @ts-expect-error: no event tells it
  console.log(event.query)
}

const document: ProviderDocument = { name: 'parcels', credentials: ['api_key'] }
const provider = Provider.named('linkit').replace({ paging: { max_size: 50 } })
export const size: number = provider.document.paging.max_size
export const clients: Linktor[] = [
  new Linktor({ email: 'a@example.com', password: 'b', tokenStore, onEvent }),
  new Linktor({ apiKey: 'key', fetch, rootCertificates: new Uint8Array(1), tokenStore: 'tokens.json' }),
  new Linktor({ apiKey: 'key', fetch: mocked, provider }),
  new Linktor({ apiKey: 'key', fetch: (url, init) => fetch(url, init), provider: new Provider(document) }),
  new Linktor({ apiKey: 'key', provider: document }),
]
// @ts-expect-error: half a store
new Linktor({ tokenStore: { load: () => undefined } })
// @ts-expect-error: no response
new Linktor({ apiKey: 'key', fetch: async () => 'text' })
// @ts-expect-error: no such field
new Provider({ name: 'parcels', credentials: ['api_key'], bass_url: 'https://api.example.com' })
