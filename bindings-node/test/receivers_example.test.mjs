// The example of a receiver, as a user runs it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { root } from './sandbox.mjs'

test('the example of Express runs', () => {
  // Where its dependencies are those of this package: there is no network to install them from.
  const cwd = mkdtempSync(join(root, 'bindings-node', 'dist', 'example-'))
  const built = ['release', 'debug'].map((profile) => join(root, 'target', profile, 'linktor-sandbox'))
  const LINKTOR_SANDBOX = [process.env.LINKTOR_SANDBOX, ...built].find((path) => path && existsSync(path))
  try {
    copyFileSync(join(root, 'examples', 'node', 'express_receiver.mjs'), join(cwd, 'express_receiver.mjs'))
    const env = { ...process.env, LINKTOR_SANDBOX }
    const output = execFileSync(process.execPath, ['express_receiver.mjs'], {
      cwd,
      env,
      encoding: 'utf8',
      timeout: 30_000,
    })
    assert.match(output, /^after 0 s: 503 the database is away\nafter 60 s: 200 \nafter 0 s: 200 \n/)
    assert.equal(output.match(/north: conversation\.created/g).length, 1)
  } finally {
    rmSync(cwd, { recursive: true })
  }
})
