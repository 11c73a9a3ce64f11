// The package as users have it: both module systems, and types under every resolution.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'

import * as esm from '@linktor/sdk'

import { root, useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()
const own = join(import.meta.dirname, '..')

/** A project of a user's own, inside this package so that nothing is left behind elsewhere. */
function project(files, use) {
  const folder = mkdtempSync(join(own, 'dist', 'user-'))
  try {
    mkdirSync(join(folder, 'node_modules', '@linktor'), { recursive: true })
    symlinkSync(own, join(folder, 'node_modules', '@linktor', 'sdk'))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('the printed lines run as modules', () => {
  const text = `
    import { Linktor } from '@linktor/sdk'
    const client = new Linktor({ apiKey: 'YOUR_API_KEY' })
    console.log(client)`
  project({ 'printed.mjs': text }, (cwd) => {
    const output = execFileSync(process.execPath, ['printed.mjs'], { cwd, encoding: 'utf8' })
    assert.equal(output, "Linktor { provider: 'linktor' }\n")
  })
})

test('the printed lines run as scripts', () => {
  const text = `
    const { LibromiConnect } = require('@linktor/sdk')
    const client = new LibromiConnect({ apiToken: process.env.LIBROMI_API_TOKEN })
    const { APIClient } = require('@linktor/sdk')
    console.log(client, new APIClient({ apiKey: 'YOUR_API_KEY' }))`
  project({ 'printed.cjs': text, 'package.json': '{}' }, (cwd) => {
    const env = { ...process.env, LIBROMI_API_TOKEN: 'invented|token' }
    const output = execFileSync(process.execPath, ['printed.cjs'], { cwd, env, encoding: 'utf8' })
    assert.equal(output, "LibromiConnect { provider: 'libromi' } APIClient { provider: 'api_v2' }\n")
  })
})

test('the printed line that tests a key runs', () => {
  const text = `
    const { APIClient } = require('@linktor/sdk')
    const apiKey = process.argv[2]
    async function main() {
      const result = await new APIClient({ apiKey }).auth.test()     // result.valid
      console.log(result.valid, typeof result.data)
    }
    main()`
  project({ 'printed.cjs': text, 'package.json': '{}' }, (cwd) => {
    const env = { ...process.env, API_V2_BASE_URL: sandbox.base_urls.api_v2 }
    const args = ['printed.cjs', sandbox.credentials.api_v2.api_key]
    assert.equal(execFileSync(process.execPath, args, { cwd, env, encoding: 'utf8' }), 'true object\n')
  })
})

test('both module systems have the same classes', async () => {
  const cjs = createRequire(import.meta.url)('@linktor/sdk')
  assert.deepEqual(new Map(Object.entries(esm)), new Map(Object.entries(cjs).sort()))
  const client = new cjs.Linktor({ apiKey: 'lk_invented', baseUrl: sandbox.base_urls.linktor })
  await assert.rejects(client.get('/me'), esm.AuthenticationError)
})

test('a machine without an addon is told what to do', () => {
  const text = `
    Object.defineProperty(process, 'arch', { value: 'abacus' })
    require('@linktor/sdk')`
  project({ 'load.cjs': text, 'package.json': '{}' }, (cwd) => {
    assert.throws(
      () => execFileSync(process.execPath, ['load.cjs'], { cwd, stdio: 'pipe', encoding: 'utf8' }),
      (error) => /no native addon.*abacus.*build it from source/s.test(error.stderr),
    )
  })
})

test('the quickstart runs', () => {
  const cwd = join(root, 'examples', 'node')
  execFileSync('npm', ['install', '--offline'], { cwd, stdio: 'pipe' })
  const output = execFileSync(process.execPath, ['quickstart.mjs'], { cwd, encoding: 'utf8', timeout: 30_000 })
  assert.equal(output.match(/^\w+ +(GET|POST) .* 20[01] /gm).length, 10)
  assert.match(output, /AuthenticationError.*\n.*kind authentication, code TOKEN_INVALID, request \S+/)
  assert.equal(output.match(/^ {2}200 after 1 attempts and 0\.0 s/gm).length, 3)
  assert.match(output, /^ {2}200 after 2 attempts and [123]\.\d s/m)
})

test('the package is of the version of the core', () => {
  const { version } = createRequire(import.meta.url)('@linktor/sdk/package.json')
  const manifest = execFileSync('cargo', ['metadata', '--no-deps', '--format-version=1', '--offline'], { cwd: root })
  const core = JSON.parse(manifest).packages.find(({ name }) => name === 'linktor')
  assert.equal(version, core.version)
})
