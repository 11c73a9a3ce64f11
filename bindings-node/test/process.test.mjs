// How a process lives and ends: each program is one of its own.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'

import { useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()
const program = (name) => join(import.meta.dirname, 'programs', `${name}.mjs`)

// V8's young generation would grow by 16 MiB and more under load, whoever makes the garbage.
const FLAGS = ['--expose-gc', '--max-semi-space-size=1']

async function run(name, ...args) {
  const { linktor } = sandbox.base_urls
  const told = [program(name), linktor, sandbox.credentials.linktor.api_key, ...args]
  const child = spawn(process.execPath, [...FLAGS, ...told], { timeout: 120_000 })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data
    })
  }
  const began = performance.now()
  const [code, signal] = await once(child, 'close')
  return { code, signal, output: output.trim(), took: performance.now() - began }
}

function worker(task, thread = 0) {
  const workerData = { baseUrl: sandbox.base_urls.linktor, apiKey: sandbox.credentials.linktor.api_key, task, thread }
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

test('a process exits with calls in flight', async () => {
  for (const delay of [0, 1, 5, 20, 20, 100]) {
    await sandbox.reset()
    // Some are answered while the process ends.
    await sandbox.script(...hanging(10), ...Array.from({ length: 10 }, () => ({ delay_ms: delay, json: {} })))
    const { code, signal, output } = await run('exit_in_call', delay)
    assert.deepEqual({ code, signal, output }, { code: 7, signal: null, output: '' })
  }
})

test('a token source that hangs does not hold the process', async () => {
  const { code, output } = await run('abandoned')
  assert.deepEqual({ code, output }, { code: 0, output: 'TimeoutError' })
})

test('10,000 calls leave memory flat', async () => {
  const { output } = await run('memory')
  assert.ok(Number(output) < 10, `grew by ${output} MiB`)
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
    const thread = worker('hangs')
    await once(thread, 'message')
    await sandbox.journalWhen((entries) => entries.length > 10)
    await thread.terminate()
    await sandbox.journalWhen((entries) => entries.every((entry) => entry.aborted || entry.status !== null))
  }
  assert.equal((await sandbox.client().get('/me')).status, 200)
})
