// Sessions that outlive the process: a file that several processes may share.
// Run: npm install && node token_file.mjs
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Linktor } from '@linktor/sdk'
import { Sandbox } from '@linktor/sdk/testing'

const sandbox = await Sandbox.start()
const { email, password } = sandbox.credentials.linktor
const folder = await mkdtemp(join(tmpdir(), 'linktor-'))
const tokenStore = join(folder, 'tokens.json')

for (const run of ['the first run', 'the second run']) {
  const client = new Linktor({ email, password, tokenStore, baseUrl: sandbox.baseUrls.linktor })
  await client.get('/me')
  client.close()
  const logins = (await sandbox.journal()).filter(({ path }) => path.endsWith('/auth/login'))
  console.log(`after ${run}: ${logins.length} login`)
  assert.equal(logins.length, 1)
}
await rm(folder, { recursive: true })
await sandbox.stop()
