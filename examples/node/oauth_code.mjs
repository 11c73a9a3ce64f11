// The OAuth authorization code flow with PKCE: a user agrees in a browser, comes back, and the client is theirs.
// Run: npm install && node oauth_code.mjs
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'

import { APIClient, PermissionDeniedError } from '@linktor/sdk'
import { Sandbox } from '@linktor/sdk/testing'

const sandbox = await Sandbox.start()
const { clientId, clientSecret } = sandbox.credentials.api_v2
const client = new APIClient(sandbox.options('api_v2', { oauth: { clientId, clientSecret } }))

// Where the user comes back to.
const receiver = createServer((_, response) => response.end('You may close this window.'))
await once(receiver.listen(0, '127.0.0.1'), 'listening')
const redirectUri = `http://127.0.0.1:${receiver.address().port}/callback`

// Another process may take the request up, so it goes into a session as JSON.
const kept = JSON.stringify(client.auth.authorizeUrl(['read:users', 'read:projects'], redirectUri))
const request = JSON.parse(kept)
console.log(`send the user to ${request.url.split('?')[0]}`)

// Stands in for the user's browser: follows redirects until a page comes.
const browser = fetch(request.url, { headers: { connection: 'close' } }).then((page) => page.text())
const [{ url }] = await once(receiver, 'request')
await browser
receiver.close()

await client.auth.exchangeCode(url, request)
const users = (await client.get('/users')).data()
console.log(`the user lets us read ${users.length} users`)
await assert.rejects(client.post('/users', { json: { name: 'Ada' } }), (error) => {
  console.log(`but not write them: ${error.message}`)
  return error instanceof PermissionDeniedError
})
await sandbox.stop()
