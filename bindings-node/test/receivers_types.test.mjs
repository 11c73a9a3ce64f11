// The types of receivers, against those of the frameworks.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

test("a receiver's types are those of the frameworks", () => {
  const compiler = join(import.meta.dirname, '..', 'node_modules', 'typescript', 'bin', 'tsc')
  const project = join(import.meta.dirname, 'receivers', 'types')
  try {
    execFileSync(process.execPath, [compiler, '-p', project], { encoding: 'utf8' })
  } catch (error) {
    assert.fail(error.stdout)
  }
})
