const assert = require('node:assert/strict')
const { test } = require('node:test')

const { NotFoundError } = require('@linktor/sdk')
const { Sandbox } = require('@linktor/sdk/testing')

// It is not stopped: it ends with the process.
test('a test as a script', async () => {
  const sandbox = await Sandbox.start()
  await assert.rejects(sandbox.client().get('/contacts/none'), NotFoundError)
})
