// Much work, in a process of its own, leaves nothing behind: memory, descriptors and threads stay as they were.
// LINKTOR_SOAK_CALLS says how many calls; `make soak` makes 100,000.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { run } from './programs.mjs'
import { useSandbox } from './sandbox.mjs'

const CALLS = Number(process.env.LINKTOR_SOAK_CALLS ?? 10_000)
/** How much more may be resident at the end than after the first part of the work. */
const MEBIBYTES = 10
/** How many more descriptors may be open: as many connections as calls are made at once. */
const DESCRIPTORS = 40

const sandbox = useSandbox()

for (const [work, count] of [
  ['calls', CALLS],
  ['aborted', CALLS / 10],
  ['fetched', CALLS / 10],
  ['failing', CALLS / 10],
  ['clients', CALLS / 10],
  ['closed', CALLS / 10],
]) {
  test(`much work leaves nothing behind: ${count} ${work}`, async () => {
    const { email, password } = sandbox.credentials.linktor
    const { code, output } = await run(sandbox, 'memory', work, count, email, password)
    assert.equal(code, 0, output)
    const { mebibytes, descriptors, threads, resources } = JSON.parse(output)
    assert.ok(mebibytes < MEBIBYTES, `grew by ${mebibytes} MiB`)
    assert.ok(descriptors <= DESCRIPTORS, `${descriptors} more descriptors`)
    assert.ok(threads <= 0, `${threads} more threads`)
    assert.ok(resources <= DESCRIPTORS, `${resources} more resources`)
  })
}
