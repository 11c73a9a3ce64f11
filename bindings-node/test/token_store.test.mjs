// Token stores of the user's own, sync and async, with locks and without.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { Linktor, TokenStoreError } from '@linktor/sdk'

import { run } from './programs.mjs'
import { rejection, useSandbox } from './sandbox.mjs'

const sandbox = useSandbox()

/** Keeps texts, and what happened. */
class Store {
  texts = new Map()
  happened = []

  load(key) {
    this.happened.push('load')
    return this.texts.get(key)
  }

  save(key, text) {
    this.happened.push('save')
    this.texts.set(key, text)
  }
}

class LockingStore extends Store {
  lock() {
    this.happened.push('lock')
    return () => this.happened.push('unlock')
  }
}

class AsyncStore extends Store {
  async load(key) {
    await sleep(1)
    return super.load(key) ?? null
  }

  async save(key, text) {
    await sleep(1)
    super.save(key, text)
  }
}

class AsyncLockingStore extends AsyncStore {
  async lock() {
    await sleep(1)
    this.happened.push('lock')
    return async () => {
      await sleep(1)
      this.happened.push('unlock')
    }
  }
}

class StoreWithoutALockToday extends Store {
  lock() {
    return null
  }
}

function client(tokenStore, options) {
  const { email, password } = sandbox.credentials.linktor
  return sandbox.client('linktor', { email, password, tokenStore, ...options })
}

/** The warnings of this SDK while `work` runs. */
async function warned(work) {
  const warnings = []
  const listener = (warning) => warning.name === 'LinktorWarning' && warnings.push(warning)
  process.on('warning', listener)
  try {
    await work(warnings)
    await sleep(0)
  } finally {
    process.off('warning', listener)
  }
  return warnings
}

async function until(isDone) {
  for (let tries = 0; tries < 500 && !isDone(); tries++) await sleep(10)
  assert.ok(isDone())
}

for (const kind of [Store, LockingStore, AsyncStore, AsyncLockingStore, StoreWithoutALockToday]) {
  test(`a session goes on from a store: ${kind.name}`, async () => {
    const store = new kind()
    const warnings = await warned(async () => {
      assert.equal((await client(store).get('/me')).status, 200)
      assert.equal((await client(store).get('/me')).status, 200)
    })
    const paths = (await sandbox.journal()).map(({ path }) => path.slice(path.lastIndexOf('/')))
    assert.deepEqual(paths, ['/login', '/me', '/me'])
    assert.equal(store.texts.size, 1)
    const { happened } = store
    if (happened.includes('lock')) {
      await until(() => happened.includes('unlock'))
      assert.ok(happened.indexOf('lock') < happened.indexOf('save'))
      assert.ok(happened.indexOf('save') < happened.indexOf('unlock'))
      assert.deepEqual(warnings, [])
    } else {
      assert.deepEqual([...new Set(warnings.map(({ code }) => code))], ['LINKTOR_TOKEN_STORE_UNLOCKED'])
    }
  })
}

test('a store without locks is warned of once a client', async () => {
  const { email, password } = sandbox.credentials.linktor
  const warnings = await warned(async () => {
    const mine = client(new Store())
    await mine.get('/me')
    await mine.auth.refresh()
    await mine.withCredentials({ email, password }).get('/me')
  })
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['LINKTOR_TOKEN_STORE_UNLOCKED'],
  )
  const { access_token, refresh_token } = sandbox.credentials.linktor
  for (const secret of [access_token, refresh_token, password]) {
    if (secret) assert.ok(!warnings.some(({ stack, detail }) => `${stack} ${detail}`.includes(secret)))
  }
})

for (const [method, failing] of [
  ['load', (error) => ({ load: () => Promise.reject(error), save() {}, lock: () => () => {} })],
  ['load', (error) => ({ load: thrower(error), save() {} })],
  ['lock', (error) => ({ load() {}, save() {}, lock: () => Promise.reject(error) })],
  ['lock', (error) => ({ load() {}, save() {}, lock: thrower(error) })],
]) {
  test(`a store that fails to ${method} is a token store error`, async () => {
    const failure = new Error('the disk is gone')
    const error = await rejection(client(failing(failure)).get('/me'))
    assert.ok(error instanceof TokenStoreError)
    assert.deepEqual([error.cause, error.sent], [failure, 'no'])
    assert.deepEqual(await sandbox.journal(), [])
  })
}

function thrower(error) {
  return () => {
    throw error
  }
}

test('calls go on after a failed save, and the process is warned; login tells of it', async () => {
  const failure = new Error('the disk is full')
  const store = Object.assign(new LockingStore(), { save: () => Promise.reject(failure) })
  const warnings = await warned(async () => {
    assert.equal((await client(store).get('/me')).status, 200)
  })
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['LINKTOR_TOKENS_UNSAVED'],
  )
  const error = await rejection(client(store).auth.login())
  assert.ok(error instanceof TokenStoreError)
  assert.equal(error.cause, failure)
  await until(() => store.happened.filter((what) => what === 'unlock').length === 2)
})

test('junk that a store gives is refused, and not shown', async () => {
  const secret = 'lk_marker_7f3a9c'
  for (const junk of [7, true, {}, [secret], Buffer.from(secret), `{"token": "${secret}"}`, secret, '', '\ud800']) {
    const error = await rejection(client({ load: () => junk, save() {}, lock: () => () => {} }).get('/me'))
    assert.ok(error instanceof TokenStoreError, `${error}`)
    assert.ok(!`${error.stack} ${error.cause?.stack}`.includes(secret))
  }
  for (const junk of [7, true, {}, 'unlock']) {
    const error = await rejection(client({ load() {}, save() {}, lock: () => junk }).get('/me'))
    assert.ok(error instanceof TokenStoreError, `${error}`)
    assert.match(error.cause.message, /^lock must give a function/)
  }
  assert.deepEqual(await sandbox.journal(), [])
})

test('what is no store is refused', () => {
  const method = () => {}
  for (const tokenStore of [
    7,
    true,
    {},
    [],
    method,
    class {},
    { load: method },
    { load: method, save: method, lock: 7 },
  ]) {
    assert.throws(
      () => new Linktor({ email: 'ada@example.com', password: 'invented', tokenStore }),
      { name: 'ConfigError', message: /^tokenStore must be a file's path, or an object/ },
      String(tokenStore),
    )
  }
})

test('a lock is ended once, whatever becomes of the call', async () => {
  const ends = {
    success: async (mine) => assert.equal((await mine.get('/me')).status, 200),
    failure: async (mine) => {
      await sandbox.script({ status: 401, json: {} })
      assert.equal((await rejection(mine.get('/me'))).kind, 'authentication')
    },
    abort: async (mine) => {
      await sandbox.script({ delay_ms: 300, pass: true })
      await rejection(mine.get('/me', { signal: AbortSignal.timeout(100) }))
    },
    close: async (mine) => {
      await sandbox.script({ delay_ms: 300, pass: true })
      const call = rejection(mine.get('/me'))
      await sandbox.journalWhen((entries) => entries.length === 1)
      mine.close()
      assert.equal((await call).kind, 'closed')
    },
  }
  for (const [name, end] of Object.entries(ends)) {
    await sandbox.reset()
    const store = new AsyncLockingStore()
    await end(client(store))
    await until(() => store.happened.includes('unlock'))
    const locks = store.happened.filter((what) => what.endsWith('lock'))
    assert.deepEqual(locks, ['lock', 'unlock'], name)
  }
})

test('a lock that comes after its call was closed is ended too', async () => {
  const happened = []
  let give
  const given = new Promise((resolve) => {
    give = resolve
  })
  const store = new Store()
  store.lock = () => {
    happened.push('asked')
    return given
  }
  const mine = client(store)
  const call = rejection(mine.get('/me'))
  await until(() => happened.includes('asked'))
  mine.close()
  assert.equal((await call).kind, 'closed')
  give(() => happened.push('unlocked'))
  await until(() => happened.includes('unlocked'))
  assert.deepEqual(happened, ['asked', 'unlocked'])
})

test('a lock that cannot be ended is a warning, and the call goes on', async () => {
  const failure = new Error('the lock is stuck')
  for (const unlock of [thrower(failure), () => Promise.reject(failure)]) {
    const store = Object.assign(new Store(), { lock: () => unlock })
    const [warning] = await warned(async (warnings) => {
      assert.equal((await client(store).get('/me')).status, 200)
      await until(() => warnings.length > 0)
    })
    assert.equal(warning.code, 'LINKTOR_TOKEN_STORE_LOCK')
    assert.match(warning.detail, /the lock is stuck/)
  }
})

test('a new refresh token is saved before the access token that came with it is used', async () => {
  const store = new LockingStore()
  const mine = client(store)
  await mine.get('/me')
  await sandbox.control('sessions', { family: 'linktor', rotation: 'strict' })
  await sandbox.control('expire', { family: 'linktor' })
  const saved = []
  store.save = async (key, text) => {
    const before = (await sandbox.journal()).map(({ path }) => path.slice(path.lastIndexOf('/')))
    await sleep(50)
    saved.push(before, (await sandbox.journal()).length - before.length)
    store.texts.set(key, text)
  }
  assert.equal((await mine.get('/me')).status, 200)
  assert.deepEqual(saved, [['/login', '/me', '/me', '/refresh'], 0])
  // Another process goes on with what was saved.
  await sandbox.control('expire', { family: 'linktor' })
  assert.equal((await client(store).get('/me')).status, 200)
  const paths = (await sandbox.journal()).map(({ path }) => path.slice(path.lastIndexOf('/')))
  assert.deepEqual(paths.filter((path) => path === '/login').length, 1)
})

test('a call meets its deadline while its store hangs', async () => {
  for (const method of ['load', 'save', 'lock']) {
    const store = Object.assign(new LockingStore(), { [method]: () => new Promise(() => {}) })
    const error = await rejection(client(store).get('/me', { deadline: 300 }))
    assert.equal(error.kind, 'timeout', method)
  }
})

test('a store that uses its own client gets an error, not a deadlock', async () => {
  const store = new LockingStore()
  const mine = client(store, { deadline: 5_000 })
  store.load = async () => (await mine.get('/me')).text()
  const error = await rejection(mine.get('/me'))
  assert.ok(error instanceof TokenStoreError, `${error}`)
  assert.equal(error.cause.kind, 'config')
})

test('processes that share a store with a lock renew once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'linktor-store-'))
  try {
    const { email, password } = sandbox.credentials.linktor
    for (const renewal of ['login', 'refresh']) {
      const ended = await Promise.all([1, 2, 3].map(() => run(sandbox, 'shared_store', folder, email, password)))
      for (const { code, output } of ended) assert.deepEqual({ code, output }, { code: 0, output: '200' })
      const asked = (await sandbox.journal()).filter(({ path }) => path.endsWith(`/auth/${renewal}`))
      assert.equal(asked.length, 1, renewal)
      await sandbox.control('expire', { family: 'linktor' })
    }
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.lock')),
      [],
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a lock is ended before the process ends by itself, though the call was aborted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'linktor-store-'))
  try {
    await sandbox.script({ delay_ms: 500, pass: true })
    const { email, password } = sandbox.credentials.linktor
    const { code, output } = await run(sandbox, 'shared_store', folder, email, password, '100')
    assert.deepEqual({ code, output }, { code: 0, output: 'TimeoutError' })
    const left = readdirSync(folder)
    assert.deepEqual([left.length, left[0].endsWith('.json')], [1, true], `${left}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
