import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { CallbackError, ConfigError, RequestTimeoutError } from '@linktor/sdk'

import { rejection, useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()

test('concurrent calls share one question', async () => {
  let asked = 0
  const tokenSource = async () => {
    asked++
    await sleep(20)
    return { token: sandbox.credentials.linktor.access_token, expiresIn: 3_600_000 }
  }
  const client = sandbox.client('linktor', { tokenSource })
  await Promise.all(Array.from({ length: 50 }, () => client.get('/me')))
  assert.equal(asked, 1)
})

test('a synchronous source will do', async () => {
  const client = sandbox.client('linktor', { tokenSource: () => sandbox.credentials.linktor.access_token })
  assert.equal((await client.get('/me')).status, 200)
})

test('what a source throws is the cause', async () => {
  for (const thrown of [new TypeError('no vault'), 'a text', undefined, null]) {
    for (const tokenSource of [
      () => {
        throw thrown
      },
      () => Promise.reject(thrown),
    ]) {
      const client = sandbox.client('linktor', { tokenSource })
      const errors = await Promise.all([rejection(client.get('/me')), rejection(client.get('/me'))])
      for (const error of errors) {
        assert.ok(error instanceof CallbackError)
        assert.equal(error.cause, thrown)
        assert.equal(error.sent, 'no')
      }
    }
  }
  assert.deepEqual(await sandbox.journal(), [])
})

test('junk is refused', async () => {
  const circular = {}
  circular.token = circular
  for (const junk of [undefined, null, 7, {}, [], { token: 7 }, { token: 'a', expiresIn: 'b' }, 1n, circular, '']) {
    const error = await rejection(sandbox.client('linktor', { tokenSource: () => junk }).get('/me'))
    assert.ok(error instanceof CallbackError || error instanceof ConfigError, `${error}`)
  }
  assert.deepEqual(await sandbox.journal(), [])
})

test('a source that hangs meets the deadline, and hears that nobody waits', async () => {
  let heard
  const abandoned = new Promise((resolve) => {
    heard = resolve
  })
  const tokenSource = ({ signal }) => {
    signal.addEventListener('abort', () => heard(signal.reason))
    return new Promise(() => {})
  }
  const client = sandbox.client('linktor', { tokenSource, timeout: 400 })
  const began = performance.now()
  const error = await rejection(client.get('/me', { deadline: 300 }))
  assert.ok(error instanceof RequestTimeoutError)
  assert.ok(performance.now() - began < 390)
  const alive = setTimeout(() => heard(new Error('never')), 5000)
  assert.equal((await abandoned).name, 'AbortError')
  clearTimeout(alive)
})

test('a source that calls its own client gets an error, not a deadlock', async () => {
  let client
  const outside = sandbox.client()
  const tokenSource = async () => {
    await outside.get('/me')
    await sleep(1)
    return (await client.get('/token')).text()
  }
  client = sandbox.client('linktor', { tokenSource, deadline: 2000 })
  const error = await rejection(client.get('/me'))
  assert.ok(error instanceof CallbackError, `${error}`)
  assert.ok(error.cause instanceof ConfigError)
  assert.equal(error.cause.code, 'recursive_token_source')
})

test('two sources that ask each other get an error, not a deadlock', async () => {
  const clients = []
  const asking = (other) => async () => (await clients[other].get('/token')).text()
  clients.push(sandbox.client('linktor', { tokenSource: asking(1), deadline: 2000 }))
  clients.push(sandbox.client('linktor', { tokenSource: asking(0), deadline: 2000 }))
  const error = await rejection(clients[0].get('/me'))
  assert.equal(error.cause.cause.code, 'recursive_token_source')
})

test('a failure that is long past is still known after many others', async () => {
  let failures = 0
  const tokenSource = () => {
    throw new Error(`failure ${++failures}`)
  }
  const client = sandbox.client('linktor', { tokenSource })
  // Calls within a second of a failure share it; a login always asks.
  for (let at = 1; at <= 200; at++) {
    assert.equal((await rejection(client.auth.login())).cause.message, `failure ${at}`)
  }
})
