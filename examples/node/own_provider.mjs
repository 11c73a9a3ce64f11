// A sixth API: described once as data, and spoken to like the built-in ones. The API itself, a
// parcel service, is invented: the sandbox answers as it would.
// Run: npm install && node own_provider.mjs
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Linktor, NotFoundError, Provider } from '@linktor/sdk'
import { Sandbox } from '@linktor/sdk/testing'

const parcels = new Provider({
  name: 'parcels',
  credentials: ['api_key', 'password'],
  headers: { api_key: 'raw', organization: 'x-depot', request_id: 'x-trace' },
  auth: {
    login: '/login',
    test: { path: '/whoami' },
    grant: {
      access_token: ['/session/token'],
      expires_in: ['/session/seconds'],
      organization: ['/depot'],
      user: ['/clerk'],
    },
  },
  refreshable: { codes: ['SESSION_OVER'] },
  envelope: { keys: ['data', 'more'], list_keys: ['more'] },
  paging: { page_parameter: 'p', size_parameter: 'n', max_size: 50, has_next: ['/more'] },
  errors: { code: ['/fault'], message: ['/reason'] },
})

// The document works in every language.
const document = join(import.meta.dirname, '..', 'rust', 'sixth_api.json')
assert.deepEqual(Provider.from(await readFile(document)), parcels, 'the same, said twice')

const login = {
  json: {
    session: { token: 'parcel-token', seconds: 600 },
    depot: 'north',
    clerk: { email: 'clerk@example.com' },
  },
}

const sandbox = await Sandbox.start()
const baseUrl = sandbox.baseUrls.linktor
const client = new Linktor({ provider: parcels, baseUrl, email: 'clerk@example.com', password: 'invented' })

await sandbox.script(login, { json: { name: 'Clerk' } })
const { valid, data } = await client.auth.test()
console.log(`valid: ${valid},`, data)
console.log('depot:', client.auth.session().organization)
assert.ok(valid)

await sandbox.script(
  { json: { data: ['P-1', 'P-2'], more: true } },
  // The session ends between two pages.
  { status: 401, json: { fault: 'SESSION_OVER', reason: 'log in again' } },
  login,
  { json: { data: ['P-3'], more: false } },
)
const found = []
for await (const parcel of client.paginate('/parcels', { query: { n: 2 } })) found.push(parcel)
console.log('parcels', found.join(', '))
assert.deepEqual(found, ['P-1', 'P-2', 'P-3'])

const entries = await sandbox.journal()
const calls = entries.map(({ path, query }) => [path.split('/').pop(), query ?? ''].join(' ').trim())
const [page1, page2] = ['parcels n=2&p=1', 'parcels n=2&p=2']
assert.deepEqual(calls, ['login', 'whoami', page1, page2, 'login', page2])
const sent = entries.at(-1).headers
assert.deepEqual([sent.get('authorization'), sent.get('x-depot')], ['Bearer parcel-token', 'north'])

await sandbox.script({ status: 404, json: { fault: 'NO_SUCH_PARCEL', reason: 'it is lost' } })
try {
  await client.get('/lost')
  assert.fail('nothing is lost')
} catch (error) {
  if (!(error instanceof NotFoundError)) throw error
  console.log(`${error.kind}, code ${error.code}: ${error.message}`)
}

await sandbox.stop()
