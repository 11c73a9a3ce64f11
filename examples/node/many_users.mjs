// A server that acts for many users: one pool of connections, a session for each, an organization where one is needed.
// Run: npm install && node many_users.mjs
import assert from 'node:assert/strict'

import { Linkit, PermissionDeniedError } from '@linktor/sdk'
import { Sandbox } from '@linktor/sdk/testing'

const sandbox = await Sandbox.start()
const { apiKey, email, password } = sandbox.credentials.linkit
// Nobody by itself: every request goes through a user's handle.
const pool = new Linkit({ anonymous: true, baseUrl: sandbox.baseUrls.linkit })

async function act() {
  const user = pool.withCredentials({ email, password })
  // The first call logs in, and later ones use its session and its organization.
  const customers = (await user.get('/customers')).data()
  const products = (await user.get('/products')).data()
  return [customers.length, products.length]
}

const counts = await Promise.all(Array.from({ length: 50 }, act))
assert.deepEqual(counts, Array(50).fill([2, 3]))
const journal = await sandbox.journal()
const logins = journal.filter(({ path }) => path.endsWith('/auth/login'))
console.log(`50 users, ${logins.length} logins, ${journal.length} requests`)
assert.deepEqual([logins.length, journal.length], [50, 150])

const elsewhere = pool.withCredentials({ apiKey }).withOrganization('org_elsewhere')
await assert.rejects(elsewhere.get('/customers'), (error) => {
  console.log(`in another organization: ${error.message}`)
  return error instanceof PermissionDeniedError
})
await sandbox.stop()
