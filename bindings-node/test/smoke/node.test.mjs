import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'

import { RateLimitError } from '@linktor/sdk'
import { Sandbox } from '@linktor/sdk/testing'

const sandbox = await Sandbox.start()
beforeEach(() => sandbox.reset())
after(() => sandbox.stop())

for (let number = 0; number < 20; number++) {
  test(`a busy server is asked again: ${number}`, async () => {
    const path = `/contacts/${number}`
    await sandbox.script({ status: 503, headers: { 'Retry-After-Ms': '1' } }, { json: { data: number } })
    const response = await sandbox.client().get(path)
    assert.deepEqual([response.data(), response.attempts], [number, 2])
    assert.deepEqual(
      (await sandbox.journal()).map((entry) => entry.path),
      [`/api/v1${path}`, `/api/v1${path}`],
    )
  })
}

test('a limit is an error', async () => {
  await sandbox.control('limits', { family: 'libromi', limits: [{ limit: 1, window: 60_000 }] })
  const client = sandbox.client('libromi', { maxRetries: 0 })
  await client.get('/contacts')
  await assert.rejects(client.get('/contacts'), RateLimitError)
})
