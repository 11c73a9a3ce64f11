// Runs tests/vectors/wire through the public API. Its README is the contract.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { Linktor, webhooks } from '@linktor/sdk'

import { root, useSandbox } from './sandbox.mjs'
import { clientOptions, matches, take } from './steps.mjs'

const { version } = createRequire(import.meta.url)('@linktor/sdk/package.json')
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const OF_THE_TRANSPORT = new Set(['host', 'connection', 'content-length', 'accept-encoding'])

const sandbox = useSandbox()
const folder = join(root, 'tests', 'vectors', 'wire')
const result = { passed: 0, failed: 0 }

for (const file of readdirSync(folder).sort()) {
  for (const one of JSON.parse(readFileSync(join(folder, file))).cases) {
    test(`${file}: ${one.name}`, async () => {
      result.failed += 1
      await run(one)
      result.failed -= 1
      result.passed += 1
    })
  }
}

after(() => {
  const line = `vectors node: ${result.passed} passed, ${result.failed} failed`
  mkdirSync(join(root, 'target', 'vectors'), { recursive: true })
  writeFileSync(join(root, 'target', 'vectors', 'node.txt'), `${line}\n`)
  console.log(line)
})

async function run(one) {
  const folder = mkdtempSync(join(tmpdir(), 'linktor-vector-'))
  try {
    await runIn(folder, one)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function runIn(folder, { client: told, token_source: tokens, deduplicator, script, calls, expect, journal }) {
  const family = told.provider ?? 'linktor'
  const names = { sandbox: sandbox.url, folder, language: 'node', version, ...sandbox.credentials[family] }
  if (script) await sandbox.script(...script)

  const urls = 'base_url' in told ? {} : { base_url: sandbox.base_urls[family], auth_url: sandbox.auth_urls[family] }
  const make = () => {
    const options = clientOptions(filled({ ...urls, ...told }, names))
    if (tokens) options.tokenSource = sourceOf(filled(tokens, names))
    return new Linktor(options)
  }
  if (expect) {
    assert.throws(make, (error) => matches(error, filled(expect.error, names)))
    return
  }
  const restart = () => {
    world.client.close()
    world.client = make()
  }
  const seen = new webhooks.Deduplicator(deduplicator)
  const world = { client: make(), sandbox, family, names, restart, seen }
  // Filled in one by one: a step may give a name to those after it.
  for (const step of calls) await take(world, filled(step, names))
  world.client.close()
  if (journal) compare(await sandbox.journal(), filled(journal, names))
}

function compare(entries, expected) {
  assert.deepEqual(
    entries.map(({ method, path }) => `${method} ${path}`),
    expected.map(({ method, path }) => `${method} ${path}`),
    'journal',
  )
  for (const [at, { query, headers, json, body }] of expected.entries()) {
    const entry = entries[at]
    if (query !== undefined) assert.equal(entry.query, query, 'query')
    if (json !== undefined) assert.deepEqual(JSON.parse(entry.body), json, 'json')
    if (body !== undefined) assert.equal(entry.body, body, 'body')
    if (headers) compareHeaders(entry.headers, headers)
  }
}

function compareHeaders(sent, expected) {
  const lower = Object.entries(expected).map(([name, value]) => [name.toLowerCase(), value])
  const left = sent.filter(([name]) => !OF_THE_TRANSPORT.has(name) || lower.some(([other]) => other === name))
  const sorted = (pairs) => pairs.map(([name, value]) => `${name}: ${value}`).sort()
  const uuids = new Map(lower.filter(([, value]) => value.includes('$uuid')))
  const shown = left.map(([name, value]) => {
    const pattern = uuids.get(name)?.replaceAll('$uuid', UUID)
    return [name, pattern && new RegExp(`^${pattern}$`).test(value) ? uuids.get(name) : value]
  })
  assert.deepEqual(sorted(shown), sorted(lower), 'headers')
}

function sourceOf(results) {
  let asked = 0
  return () => {
    const result = results[Math.min(asked++, results.length - 1)]
    if (result.error !== undefined) throw new Error(result.error)
    return result.expires_in === undefined ? result : { token: result.token, expiresIn: result.expires_in * 1000 }
  }
}

/** Replaces the placeholders of `value`, at any depth. */
function filled(value, names) {
  if (typeof value === 'string') return value.replace(/\$([a-z_]+)/g, (all, name) => names[name] ?? all)
  if (Array.isArray(value)) return value.map((one) => filled(one, names))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one, names)]))
}
