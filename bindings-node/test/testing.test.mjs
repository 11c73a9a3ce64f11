// The sandbox as users' tests have it.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, mock, test } from 'node:test'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'

import { APIClient, AuthenticationError, LibromiConnect, Linkit, Linktor, Verifier } from '@linktor/sdk'
import { Sandbox, SandboxError } from '@linktor/sdk/testing'

import { gone, rejection } from './sandbox.mjs'

const program = (name) => join(import.meta.dirname, 'programs', `${name}.mjs`)
let sandbox

before(async () => {
  sandbox = await Sandbox.start()
})
beforeEach(() => sandbox.reset())
after(() => sandbox.stop())

test('a client of each family is known to the sandbox', async () => {
  for (const [family, path] of [
    ['linktor', '/me'],
    ['linkit', '/products'],
    ['libromi', '/contacts'],
    ['api_v2', '/auth/test'],
    ['api_v1', '/users/me'],
  ]) {
    const client = sandbox.client(family)
    assert.equal(client.provider, family)
    assert.equal((await client.get(path)).status, 200)
  }
  assert.ok(sandbox.client() instanceof Linktor)
})

test('options are for presets, and what is given replaces the sandbox’s own', async () => {
  const { readOnlyKey } = sandbox.credentials.libromi
  const { email, password } = sandbox.credentials.linkit
  const presets = [
    new Linkit(sandbox.options('linkit', { email, password })).get('/products'),
    new LibromiConnect(sandbox.options('libromi', { apiKey: readOnlyKey })).get('/contacts'),
    new APIClient(sandbox.options('api_v2')).get('/users'),
    new APIClient({ ...sandbox.options('api_v1'), provider: 'api_v1' }).get('/users'),
  ]
  assert.deepEqual(
    (await Promise.all(presets)).map(({ status }) => status),
    [200, 200, 200, 200],
  )
  const keys = (await sandbox.journal()).map(({ headers }) => headers.get('Authorization'))
  assert.ok(keys.includes(`Bearer ${readOnlyKey}`), inspect(keys))
  assert.equal(sandbox.options('api_v2').authUrl, sandbox.authUrls.api_v2)
  assert.throws(() => sandbox.options('linkedin'), { name: 'SandboxError', message: /"linkedin"; there are api_v1, / })
})

test('scripted answers come in order, as they were written', async () => {
  const bytes = new Uint8Array([0, 255, 128])
  await sandbox.script(
    { status: 503, headers: { 'Retry-After-Ms': '1' } },
    { body: bytes, headers: { 'X-A': ['1', '2'] } },
    { body: 'text', repeat: 2, delayMs: 300 },
    { json: { data: 1 }, match: { method: 'POST' } },
    { reset: true },
  )
  const client = sandbox.client('linktor', { maxRetries: 1 })
  const first = await client.get('/me')
  assert.deepEqual([first.attempts, first.headers.get('x-a'), [...first.bytes()]], [2, '1, 2', [0, 255, 128]])
  const began = performance.now()
  assert.equal((await client.get('/me')).text(), 'texttext')
  assert.ok(performance.now() - began > 290)
  assert.equal((await client.get('/me')).attempts, 2) // the one for POST is passed over
  assert.equal((await client.post('/contacts', { json: {} })).data(), 1)
})

test('an answer that contradicts itself is refused, and none is appended', async () => {
  const error = await rejection(sandbox.script({ status: 418 }, { json: 1, body: 'a' }))
  assert.ok(error instanceof SandboxError && error instanceof Error)
  assert.match(error.message, /^script: /)
  assert.equal((await sandbox.client().get('/me')).status, 200)
  await assert.rejects(sandbox.script({ stauts: 418 }), { name: 'SandboxError', message: /stauts/ })
})

test('the journal has what was received', async () => {
  await sandbox.client().post('/contacts', { query: { tag: 'a b' }, json: { name: 'Zoë' }, headers: { 'X-A': 'a' } })
  const [entry, ...more] = await sandbox.journal()
  assert.equal(more.length, 0)
  const { family, method, path, query, status, aborted } = entry
  assert.deepEqual(
    { family, method, path, query, status, aborted },
    { family: 'linktor', method: 'POST', path: '/api/v1/contacts', query: 'tag=a+b', status: 201, aborted: false },
  )
  assert.equal(entry.headers.get('X-a'), 'a')
  assert.deepEqual(
    [entry.text(), entry.json(), Buffer.from(entry.bytes()).toString()],
    ['{"name":"Zoë"}', { name: 'Zoë' }, '{"name":"Zoë"}'],
  )
  const { apiKey } = sandbox.credentials.linktor
  assert.ok(entry.headers.get('X-API-Key') === apiKey || entry.headers.get('Authorization')?.includes(apiKey))
  for (const printed of [inspect(entry), JSON.stringify(entry)]) {
    assert.ok(printed.includes('/api/v1/contacts') && !/Zoë|tag=|lk_/.test(printed), printed)
  }
  await sandbox
    .client()
    .post('/contacts', { body: new Uint8Array([255, 0]), contentType: 'image/png' })
    .catch(() => {})
  assert.deepEqual([...(await sandbox.journal())[1].bytes()], [255, 0])
  await sandbox.reset()
  assert.deepEqual(await sandbox.journal(), [])
})

test('the control plane is told in this language’s names and milliseconds', async () => {
  const { accessToken, email, password } = sandbox.credentials.linktor
  const client = sandbox.client('linktor', { accessToken, maxRetries: 0 })
  await client.get('/me')
  await sandbox.control('expire', { family: 'linktor' })
  await assert.rejects(client.get('/me'), AuthenticationError)

  await sandbox.control('sessions', { family: 'linktor', accessLife: 60_000, loginShape: 'documented' })
  await sandbox.client('linktor', { email, password }).get('/me')
  const issued = (await sandbox.journal()).at(-1).headers.get('Authorization').replace('Bearer ', '')
  const session = sandbox.client('linktor', { accessToken: issued, maxRetries: 0 })
  await sandbox.control('clock', { advance: 30_000 })
  await session.get('/me')
  await sandbox.control('clock', { advance: 60_000 })
  await assert.rejects(session.get('/me'), AuthenticationError)

  await sandbox.control('limits', { family: 'api_v2', limits: [{ limit: 1, window: 60_000 }] })
  const limited = sandbox.client('api_v2', { maxRetries: 0, pacing: 'off' })
  await limited.get('/users')
  const { retryAfter } = await rejection(limited.get('/users'))
  assert.ok(retryAfter > 30 && retryAfter < 70, String(retryAfter))
  await assert.rejects(sandbox.control('sessions', { family: 'linktor', rotation: 'often' }), SandboxError)
})

test('deliveries are received, and the report tells what became of them', async () => {
  const verifier = new Verifier('linktor', sandbox.credentials.linktor.webhookSecret)
  const events = []
  const receiver = http.createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    try {
      events.push(verifier.verify(body, request.headers))
      response.writeHead(events.length === 1 ? 500 : 200).end('so')
    } catch {
      response.writeHead(401).end()
    }
  })
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const url = `http://127.0.0.1:${receiver.address().port}`
  try {
    const { id, deliveries } = await sandbox.deliver({ url, event: 'message.received', data: { text: 'Hi' } })
    assert.deepEqual(deliveries, [
      { after: 0, status: 500, body: 'so', error: null },
      { after: 60_000, status: 200, body: 'so', error: null },
    ])
    assert.deepEqual([events[1].id, events[1].type, events[1].data()], [id, 'message.received', { text: 'Hi' }])
    const spoilt = await sandbox.deliver({ url, event: 'message.received', tamper: 'signature' })
    assert.ok(spoilt.deliveries.every(({ status }) => status === 401))
  } finally {
    receiver.close()
  }
  const nobody = await sandbox.deliver({ url, event: 'a', family: 'libromi' })
  assert.deepEqual([nobody.id, nobody.deliveries.length, nobody.deliveries[0].status], [null, 1, null])
  assert.ok(nobody.deliveries[0].error)
  await assert.rejects(sandbox.deliver({ url: 'ftp://127.0.0.1', event: 'a' }), SandboxError)
})

test('mocks of fetch, HTTP and timers do not reach it', async () => {
  const refuse = () => assert.fail('mocked')
  mock.method(http, 'request', refuse)
  mock.method(globalThis, 'fetch', refuse)
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] })
  try {
    const other = await Sandbox.start()
    await other.script({ status: 202, json: {} })
    assert.equal((await other.client().get('/me')).status, 202)
    assert.equal((await other.journal()).length, 1)
    await other.stop()
  } finally {
    mock.timers.reset()
    mock.restoreAll()
  }
})

test('each sandbox is its own, and ends when it is stopped', async () => {
  const other = await Sandbox.start()
  assert.notEqual(other.url, sandbox.url)
  assert.equal(inspect(other), `Sandbox { url: '${other.url}' }`)
  await other[Symbol.asyncDispose]()
  await other.stop()
  await assert.rejects(other.journal(), { name: 'SandboxError', message: /does not answer .*ended with SIGKILL/ })
  await assert.rejects(fetch(other.url))
})

/** Runs a program that prints where its sandbox is; gives its exit, and waits until the sandbox is gone. */
async function outlived(how) {
  const child = spawn(process.execPath, [program('sandbox'), how], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [url] = await once(child.stdout.setEncoding('utf8'), 'data')
  if (how === 'killed') child.kill('SIGKILL')
  const [code, signal] = await once(child, 'exit')
  await gone(url.trim())
  return code ?? signal
}

for (const [how, end] of [
  ['idle', 0],
  ['exit', 3],
  ['throw', 1],
  ['killed', 'SIGKILL'],
]) {
  test(`a sandbox ends with its process: ${how}`, { timeout: 60_000 }, async () => {
    assert.equal(await outlived(how), end)
  })
}

test('a sandbox of a worker thread ends with it', { timeout: 60_000 }, async () => {
  const worker = new Worker(program('sandbox'), { argv: ['worker'], stdout: true })
  const [url] = await once(worker, 'message')
  assert.equal((await fetch(`${url}/_sandbox`)).status, 200)
  await worker.terminate()
  await gone(url)
})

/** What starting a sandbox fails with, where `LINKTOR_SANDBOX` is a program of this text. */
async function failure(text, mode = 0o755) {
  const folder = mkdtempSync(join(tmpdir(), 'linktor-'))
  const path = join(folder, 'sandbox')
  if (text) writeFileSync(path, `#!/bin/sh\n${text}\n`)
  if (text) chmodSync(path, mode)
  const { LINKTOR_SANDBOX } = process.env
  process.env.LINKTOR_SANDBOX = path
  try {
    const error = await rejection(Sandbox.start())
    assert.ok(error instanceof SandboxError, inspect(error))
    return error.message
  } finally {
    process.env.LINKTOR_SANDBOX = LINKTOR_SANDBOX
    rmSync(folder, { recursive: true })
  }
}

test('a program that is none, does not start, or is another is told', {
  skip: process.platform === 'win32',
}, async () => {
  assert.match(await failure(undefined), /^LINKTOR_SANDBOX is ".*", which is no program$/)
  assert.match(await failure('exit 0', 0o644), /cannot be run: .*EACCES/)
  assert.match(await failure('echo no port >&2; exit 3'), /did not start: it ended with 3, and said: no port$/)
  assert.match(await failure('echo hello; cat'), /is no sandbox: its first line is "hello\\n"$/)
  assert.match(
    await failure(`echo '{"url":""}'; cat`),
    /another version.*base_urls, auth_urls, credentials.*@linktor\/sandbox@\d/,
  )
})

test('a program that never ends its first line is not waited for', { skip: process.platform === 'win32' }, () => {
  // A thirtieth of the time, for what is to take it.
  const text = `
    import timers from 'node:timers'
    const { setTimeout } = timers
    timers.setTimeout = (act, wait) => setTimeout(act, wait / 30)
    const { Sandbox } = await import('@linktor/sdk/testing')
    await Sandbox.start().catch((error) => console.log(error.name, error.message))`
  const folder = mkdtempSync(join(tmpdir(), 'linktor-'))
  const path = join(folder, 'sandbox')
  writeFileSync(path, '#!/bin/sh\nprintf {; exec cat\n', { mode: 0o755 })
  try {
    const args = ['--input-type=module', '--eval', text]
    const env = { ...process.env, LINKTOR_SANDBOX: path }
    const output = execFileSync(process.execPath, args, {
      cwd: import.meta.dirname,
      env,
      encoding: 'utf8',
      timeout: 20_000,
    })
    assert.match(output, /^SandboxError .* is not ready after 30 s$/m)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('where no sandbox is installed, it is told what to install', () => {
  const text = `
    import { Sandbox } from '@linktor/sdk/testing'
    await Sandbox.start().catch((error) => console.log(error.name, error.message))`
  const env = { PATH: '' }
  const args = ['--input-type=module', '--eval', text]
  const output = execFileSync(process.execPath, args, { cwd: import.meta.dirname, env, encoding: 'utf8' })
  assert.match(output, /^SandboxError linktor-sandbox is not installed\. Run: npm install -D @linktor\/sandbox /)
})
