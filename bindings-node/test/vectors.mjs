// Runs tests/vectors/wire through the public API. Its README is the contract.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { Linktor, webhooks } from '@linktor/sdk'

import { inboxOf, OF_FETCH, Store, wireOf } from './own.mjs'
import { OwnSandbox, root } from './sandbox.mjs'
import { clientOptions, matches, take } from './steps.mjs'

const { version } = createRequire(import.meta.url)('@linktor/sdk/package.json')
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
/** Most of the time of a vector is spent in waits. */
const AT_ONCE = 3
const OF_THE_TRANSPORT = ['host', 'connection', 'content-length', 'accept-encoding']

const folder = join(root, 'tests', 'vectors', 'wire')

/**
 * A test of each case that `isMeant`; how they went, by file and name: `true`, or what went wrong. `options` are every
 * client's, which may send `headers` of its transport's own.
 */
export function useVectors({ options = {}, headers = [], isMeant = () => true } = {}) {
  const idle = Array.from({ length: AT_ONCE }, () => new OwnSandbox())
  const sandboxes = [...idle]
  before(() => Promise.all(sandboxes.map((sandbox) => sandbox.start())))
  after(() => sandboxes.map((sandbox) => sandbox.stop()))

  const outcomes = {}
  const ofTheTransport = new Set([...OF_THE_TRANSPORT, ...headers])
  describe('vectors', { concurrency: AT_ONCE }, () => {
    for (const file of readdirSync(folder).sort()) {
      for (const one of JSON.parse(readFileSync(join(folder, file))).cases) {
        const name = `${file}: ${one.name}`
        if (isMeant(name, one)) test(name, () => recorded(basename(file, '.json'), one))
      }
    }
  })
  return outcomes

  async function recorded(file, one) {
    const sandbox = idle.pop()
    outcomes[file] ??= {}
    try {
      await sandbox.reset()
      await run({ sandbox, options, ofTheTransport }, one)
      outcomes[file][one.name] = true
    } catch (error) {
      outcomes[file][one.name] = String(error)
      throw error
    } finally {
      idle.push(sandbox)
    }
  }
}

async function run(world, one) {
  const folder = mkdtempSync(join(tmpdir(), 'linktor-vector-'))
  try {
    await runIn({ ...world, folder }, one)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function runIn(
  { sandbox, options: own, ofTheTransport, folder },
  {
    client: told,
    token_source: tokens,
    token_store_own: storing,
    transport_own: sending,
    receiver,
    deduplicator,
    deduplicator_own: ownDeduplicator,
    script,
    calls,
    expect,
    journal,
  },
) {
  const family = told.provider ?? 'linktor'
  const names = { sandbox: sandbox.url, folder, language: 'node', version, ...sandbox.credentials[family] }
  if (script) await sandbox.script(...script)

  const urls = 'base_url' in told ? {} : { base_url: sandbox.base_urls[family], auth_url: sandbox.auth_urls[family] }
  const store = storing && new Store(filled(storing, names))
  const make = () => {
    const options = { ...clientOptions(filled({ ...urls, ...told }, names)), ...own }
    if (tokens) options.tokenSource = sourceOf(filled(tokens, names))
    if (store) options.tokenStore = store
    if (!sending) return new Linktor(options)
    const wire = wireOf(filled(sending, names))
    wire.client = new Linktor({ ...options, fetch: wire })
    return wire.client
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
  const inbox = receiver && (await inboxOf(filled(receiver, names), seen, ownDeduplicator))
  const world = { client: make(), sandbox, family, names, restart, seen, store, inbox }
  // Filled in one by one: a step may give a name to those after it.
  try {
    for (const step of calls) await take(world, filled(step, names))
  } finally {
    world.client.close()
    await inbox?.close()
  }
  const ofTheWire = sending ? new Set([...ofTheTransport, ...OF_FETCH]) : ofTheTransport
  if (journal) compare(await sandbox.journal(), filled(journal, names), ofTheWire)
}

function compare(entries, expected, ofTheTransport) {
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
    if (headers) compareHeaders(entry.headers, headers, ofTheTransport)
  }
}

function compareHeaders(sent, expected, ofTheTransport) {
  const lower = Object.entries(expected).map(([name, value]) => [name.toLowerCase(), value])
  const left = sent.filter(([name]) => !ofTheTransport.has(name) || lower.some(([other]) => other === name))
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
