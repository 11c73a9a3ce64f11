// Runs tests/vectors/wire through the public API. Its README is the contract.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { Linktor } from '@linktor/sdk'

import { root, useSandbox } from './sandbox.mjs'

const { version } = createRequire(import.meta.url)('@linktor/sdk/package.json')
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const OF_THE_TRANSPORT = new Set(['host', 'connection', 'content-length', 'accept-encoding'])
const MILLISECONDS = new Set(['timeout', 'connect_timeout', 'deadline'])
const FIELDS = { request_id: 'requestId', retry_after: 'retryAfter' }
const CALL_OPTIONS = { path_params: 'pathParams', content: 'body', content_type: 'contentType' }

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
  const family = one.client.provider
  const names = { sandbox: sandbox.url, language: 'node', version, ...sandbox.credentials[family] }
  const { client: told, token_source: tokens, calls, expect, journal } = filled({ ...one, script: undefined }, names)
  if (one.script) await sandbox.script(...one.script)

  const options = camel({ base_url: sandbox.base_urls[family], ...told })
  if (tokens) options.tokenSource = sourceOf(tokens)
  if (expect) {
    assert.throws(
      () => new Linktor(options),
      (error) => matches(error, expect.error),
    )
    return
  }
  const client = new Linktor(options)
  for (const call of calls) await make(client, call)
  client.close()
  if (journal) compare(await sandbox.journal(), journal)
}

async function make(client, { method, path, expect, ...told }) {
  let response
  try {
    response = await client.request(method, path, camel(told, CALL_OPTIONS))
    for (const [name, value] of Object.entries(expect)) {
      if (name !== 'error') assert.deepEqual(readers[name](response), value, name)
    }
    // An envelope that reports a failure is raised by data().
    if (expect.error) response.data()
  } catch (error) {
    if (!expect.error) throw error
    matches(error, expect.error)
    return
  }
  assert.ok(!expect.error, `it succeeded with ${response.status}`)
}

const readers = {
  status: (response) => response.status,
  json: (response) => response.json(),
  data: (response) => response.data(),
  text: (response) => response.text(),
  attempts: (response) => response.attempts,
  request_id: (response) => response.requestId,
}

function matches(error, expected) {
  for (const [name, value] of Object.entries(expected)) {
    if (name === 'message_contains') {
      assert.ok(error.message.includes(value), `message: ${error.message} should contain ${value}`)
    } else {
      assert.deepEqual(error[FIELDS[name] ?? name] ?? null, value, `${name} of ${error.stack}`)
    }
  }
  return true
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
    return result.expires_in === undefined ? result : { token: result.token, expiresIn: result.expires_in }
  }
}

function camel(options, names = {}) {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      names[name] ?? name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()),
      MILLISECONDS.has(name) && typeof value === 'number' ? value * 1000 : value,
    ]),
  )
}

/** Replaces the placeholders of `value`, at any depth. */
function filled(value, names) {
  if (typeof value === 'string') return value.replace(/\$([a-z_]+)/g, (all, name) => names[name] ?? all)
  if (Array.isArray(value)) return value.map((one) => filled(one, names))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one, names)]))
}
