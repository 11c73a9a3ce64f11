// How a process lives and ends: each program is one of its own.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'

import { APIClient } from '@linktor/sdk'

import { FUNCTIONS } from './programs/hanging.mjs'
import { program, run as runProgram } from './programs.mjs'
import { useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()
const run = (name, ...args) => runProgram(sandbox, name, ...args)

function ada() {
  const { email, password } = sandbox.credentials.linktor
  return [email, password]
}

function worker(task, thread = 0) {
  const { api_key: apiKey, email, password } = sandbox.credentials.linktor
  const workerData = { baseUrl: sandbox.base_urls.linktor, apiKey, email, password, task, thread }
  return new Worker(program('worker'), { workerData })
}

const hanging = (count) => Array.from({ length: count }, () => ({ delay_ms: 10_000 }))

test('a process waits for its calls, and ends by itself after the last', async () => {
  await sandbox.script({ delay_ms: 500, status: 202, json: {} })
  const { code, output, took } = await run('one_call')
  assert.deepEqual({ code, output }, { code: 0, output: '202' })
  assert.ok(took > 500 && took < 5000, `${took} ms`)
})

test('a process waits for a call that waits', async () => {
  await sandbox.script({ status: 503, headers: { 'Retry-After': '1' } }, { status: 202, json: {} })
  const { code, output, took } = await run('one_call')
  assert.deepEqual({ code, output }, { code: 0, output: '202' })
  assert.ok(took > 1000 && took < 6000, `${took} ms`)
})

test('a process waits for the renewal of a session that is kept, though its call was given up', async () => {
  const { client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken } = sandbox.credentials.api_v2
  const options = {
    baseUrl: sandbox.base_urls.api_v2,
    authUrl: sandbox.auth_urls.api_v2,
    oauth: { clientId, clientSecret, refreshToken },
  }
  const folder = mkdtempSync(join(tmpdir(), 'linktor-renewing-'))
  try {
    for (const [how, name] of [
      ['aborted', 'TimeoutError'],
      ['late', 'RequestTimeoutError'],
      ['closed', 'ClientClosedError'],
    ]) {
      await sandbox.reset()
      await sandbox.script({ pass: true, delay_ms: 500, match: { path: '/oauth/token' } })
      const tokenStore = join(folder, `${how}.json`)
      const { code, output } = await run('renewing', how, tokenStore, JSON.stringify(options))
      assert.deepEqual({ code, output }, { code: 0, output: name })
      // The first refresh token is used up: only who has the second can go on.
      await sandbox.control('expire', { family: 'api_v2' })
      const client = new APIClient({ ...options, tokenStore })
      assert.equal((await client.get('/auth/test')).status, 200)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a process exits with calls in flight', async () => {
  for (const delay of [0, 1, 5, 20, 20, 100]) {
    await sandbox.reset()
    // Some are answered while the process ends.
    await sandbox.script(...hanging(10), ...Array.from({ length: 10 }, () => ({ delay_ms: delay, json: {} })))
    const { code, signal, output } = await run('exit_in_call', delay, 'server')
    assert.deepEqual({ code, signal, output }, { code: 7, signal: null, output: '' })
  }
})

test('a function that hangs does not hold the process', async () => {
  for (const what of FUNCTIONS) {
    const { code, output, took } = await run('abandoned', what, ...ada())
    // A listener holds no call up.
    const expected = what === 'onEvent' ? /^(AbortError|200)$/ : /^AbortError$/
    assert.equal(code, 0, `${what}: ${output}`)
    assert.match(output, expected, what)
    assert.ok(took < 20_000, `${what}: ${took} ms`)
  }
})

test('a process exits while a function hangs', async () => {
  for (const what of FUNCTIONS) {
    const { code, signal, output } = await run('exit_in_call', 0, what, ...ada())
    assert.deepEqual({ code, signal, output }, { code: 7, signal: null, output: '' }, what)
  }
})

test('a process exits while questions come and go', async () => {
  for (let round = 0; round < 3; round++) {
    const { code, signal, output } = await run('exit_in_questions')
    assert.deepEqual({ code, signal, output }, { code: 7, signal: null, output: '' })
  }
})

test('what functions threw is let go of, and so are their clients', async () => {
  const { code, output } = await run('failures')
  assert.deepEqual({ code, output }, { code: 0, output: '0' })
})

test('clients and handles that nobody holds are collected', async () => {
  const { code, output } = await run('clients')
  assert.deepEqual({ code, output }, { code: 0, output: '0' })
})

test('a client that nobody holds is not collected while it waits, nor while a handle is held', async () => {
  const slow = { delay_ms: 300, status: 202, json: {} }
  await sandbox.script(slow, slow, { status: 203, json: {} })
  const { code, output } = await run('unheld')
  assert.deepEqual({ code, output }, { code: 0, output: '202 202 203' })
})

test('worker threads have clients of their own', async () => {
  const threads = Array.from({ length: 4 }, (_, thread) => worker('answers', thread))
  const answers = await Promise.all(
    threads.map(async (thread) => {
      const [[message], [code]] = await Promise.all([once(thread, 'message'), once(thread, 'exit')])
      return [message, code]
    }),
  )
  assert.deepEqual(answers, Array(4).fill([true, 0]))
})

test('a terminated worker thread takes its calls with it', async () => {
  for (let round = 0; round < 10; round++) {
    await sandbox.reset()
    await sandbox.script(...hanging(10), ...Array.from({ length: 10 }, () => ({ delay_ms: round, json: {} })))
    const thread = worker('server')
    await once(thread, 'message')
    await sandbox.journalWhen((entries) => entries.length > 10)
    await thread.terminate()
    await sandbox.journalWhen((entries) => entries.every((entry) => entry.aborted || entry.status !== null))
  }
  assert.equal((await sandbox.client().get('/me')).status, 200)
})

test('a worker thread is terminated while a function of its own hangs', async () => {
  for (const what of FUNCTIONS) {
    const thread = worker(what)
    await once(thread, 'message')
    await thread.terminate()
  }
  assert.equal((await sandbox.client().get('/me')).status, 200)
})
