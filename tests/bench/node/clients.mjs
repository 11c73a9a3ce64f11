// The clients, as their users make them: connections kept alive and enough of them, the key in a header. Each loads only
// what it needs.
import { readFileSync } from 'node:fs'

export const SECRET = 'invented-secret'

const KEY = 'lk_invented_0123456789'
const CONNECTIONS = 256
const headers = { authorization: `Bearer ${KEY}`, accept: 'application/json' }

/** A `call` decodes its JSON and tells whether it succeeded; to `verify` what is not signed is an error. */
export const clients = {
  async linktor(url) {
    const { Linktor, Verifier } = await import('@linktor/sdk')
    const client = new Linktor({ apiKey: KEY, baseUrl: url })
    const verifier = new Verifier('x_hub_signature_256', SECRET)
    return {
      version: installed('@linktor/sdk'),
      call: async () => (await client.get('/contacts')).json().success,
      verify: (body, received) => verifier.verifySignature(body, received),
    }
  },

  async undici(url) {
    const { Agent, request } = await import('undici')
    const dispatcher = new Agent({ connections: CONNECTIONS, pipelining: 1, keepAliveTimeout: 60_000 })
    return {
      version: installed('undici'),
      call: async () => {
        const { body } = await request(`${url}/contacts`, { headers, dispatcher })
        return (await body.json()).success
      },
    }
  },

  async fetch(url) {
    return {
      version: `of undici ${process.versions.undici}`,
      call: async () => (await (await fetch(`${url}/contacts`, { headers })).json()).success,
    }
  },

  async axios(url) {
    const { default: axios } = await import('axios')
    const client = axios.create({ baseURL: url, headers, httpAgent: await keepAlive() })
    return { version: installed('axios'), call: async () => (await client.get('/contacts')).data.success }
  },

  async got(url) {
    const { default: got } = await import('got')
    const client = got.extend({ prefixUrl: url, headers, agent: { http: await keepAlive() } })
    return { version: installed('got'), call: async () => (await client.get('contacts').json()).success }
  },

  async ky(url) {
    const { default: ky } = await import('ky')
    const client = ky.create({ prefixUrl: url, headers })
    return { version: installed('ky'), call: async () => (await client.get('contacts').json()).success }
  },

  async 'node:crypto'() {
    const { createHmac, timingSafeEqual } = await import('node:crypto')
    return {
      version: process.versions.node,
      verify: (body, received) => {
        const expected = createHmac('sha256', SECRET).update(body).digest()
        const given = Buffer.from(received['x-hub-signature-256'].slice('sha256='.length), 'hex')
        if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new Error('not signed')
      },
    }
  },
}

async function keepAlive() {
  const { Agent } = await import('node:http')
  return new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
}

/** Not every package exports its `package.json`. */
function installed(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version
}
