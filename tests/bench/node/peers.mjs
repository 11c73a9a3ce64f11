// A call of each client, as its users make it: connections kept alive and enough of them, the key in a header, and the
// JSON decoded.
import http from 'node:http'

export const KEY = 'lk_invented_0123456789'

const CONNECTIONS = 256
const headers = { authorization: `Bearer ${KEY}`, accept: 'application/json' }

/** Makes a client, and gives a call of it that tells whether it succeeded; each loads only what it needs. */
export const peers = {
  async linktor(url) {
    const { Linktor } = await import('@linktor/sdk')
    const client = new Linktor({ apiKey: KEY, baseUrl: url })
    return async () => (await client.get('/contacts')).json().success
  },

  async undici(url) {
    const { Agent, request } = await import('undici')
    const dispatcher = new Agent({ connections: CONNECTIONS, pipelining: 1, keepAliveTimeout: 60_000 })
    return async () => {
      const { body } = await request(`${url}/contacts`, { headers, dispatcher })
      return (await body.json()).success
    }
  },

  async fetch(url) {
    return async () => (await (await fetch(`${url}/contacts`, { headers })).json()).success
  },

  async axios(url) {
    const { default: axios } = await import('axios')
    const httpAgent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS })
    const client = axios.create({ baseURL: url, headers, httpAgent })
    return async () => (await client.get('/contacts')).data.success
  },
}

/** `count` calls, `concurrency` of them at a time. */
export async function made(call, count, concurrency) {
  let left = count
  const worker = async () => {
    while (left-- > 0) {
      if ((await call()) !== true) throw new Error('not a success')
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}
