// One read and one write in each of the five API families, what an error looks like, and what
// becomes of a 429, against a sandbox of its own. Run: npm install && node quickstart.mjs
import { LibromiConnect, Linktor, LinktorError } from '@linktor/sdk'
import { Sandbox } from '@linktor/sdk/testing'

const tasks = [
  ['linktor', '/me', '/contacts', { name: 'Ada', email: 'ada@example.com' }],
  ['linkit', '/products', '/products', { name: 'Lamp', code: 'L-1' }],
  ['libromi', '/contacts', '/messages', { to: '15550100', type: 'text', text: 'Hello' }],
  ['api_v2', '/auth/test', '/users', { name: 'Ada', email: 'ada@example.com' }],
  ['api_v1', '/users/me', '/users', { name: 'Ada', email: 'ada@example.com' }],
]

const sandbox = await Sandbox.start()
console.log(`linktor-sandbox at ${sandbox.url}\n`)

for (const [provider, read, write, contents] of tasks) {
  const { apiKey } = sandbox.credentials[provider]
  const client = new Linktor({ provider, apiKey, baseUrl: sandbox.baseUrls[provider] })

  const got = await client.get(read)
  console.log(provider.padEnd(8), 'GET ', read.padEnd(11), got.status, brief(got.data()))

  const made = await client.post(write, { json: contents })
  console.log(provider.padEnd(8), 'POST', write.padEnd(11), made.status, brief(made.data()))
}

try {
  await new Linktor({ apiKey: 'lk_wrong', baseUrl: sandbox.baseUrls.linktor }).get('/me')
} catch (error) {
  if (!(error instanceof LinktorError)) throw error
  console.log(`\nA wrong key: ${error}`)
  console.log(`  kind ${error.kind}, code ${error.code}, request ${error.requestId}`)
}

console.log('\nFive calls at once, where the server takes three in 2 s:')
const limits = [{ limit: 3, window: 2_000 }] // it names them on the 429 alone
await sandbox.control('limits', { family: 'libromi', limits })
const client = new LibromiConnect({ apiToken: sandbox.credentials.libromi.apiKey, baseUrl: sandbox.baseUrls.libromi })
const calls = Array.from({ length: 5 }, () => client.get('/contacts'))
for (const { status, attempts, waited } of await Promise.all(calls)) {
  console.log(`  ${status} after ${attempts} attempts and ${(waited / 1000).toFixed(1)} s of waiting`)
}

await sandbox.stop()

/** The beginning of a payload, on one line. */
function brief(data) {
  const text = JSON.stringify(data)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
