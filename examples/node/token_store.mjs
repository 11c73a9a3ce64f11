// A token store of one's own: sessions in files of a folder, which processes share, and one of them renews.
// Run: npm install && node token_store.mjs
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { Linktor } from '@linktor/sdk'
import { Sandbox } from '@linktor/sdk/testing'

class FolderStore {
  constructor(folder) {
    this.folder = folder
  }

  async load(key) {
    return await readFile(this.#path(key), 'utf8').catch((error) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
  }

  /** Whole or not at all; it is secret, so nobody else may read it. */
  async save(key, text) {
    await writeFile(this.#path(key, `${process.pid}`), text, { mode: 0o600 })
    await rename(this.#path(key, `${process.pid}`), this.#path(key))
  }

  /** A folder that one process alone can make. One that dies leaves it: locks of a database do not. */
  async lock(key, { signal }) {
    const lock = this.#path(key, 'lock')
    while (!(await made(lock))) await sleep(20, undefined, { signal })
    return () => rmdir(lock)
  }

  #path(key, suffix = 'json') {
    return join(this.folder, `${createHash('sha256').update(key).digest('hex')}.${suffix}`)
  }
}

function made(folder) {
  return mkdir(folder).then(
    () => true,
    (error) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )
}

if (process.argv[2]) {
  const { folder, ...options } = JSON.parse(process.argv[2])
  await new Linktor({ ...options, tokenStore: new FolderStore(folder) }).get('/me')
} else {
  const sandbox = await Sandbox.start()
  const { email, password } = sandbox.credentials.linktor
  const folder = await mkdtemp(join(tmpdir(), 'linktor-'))
  const told = JSON.stringify({ folder, email, password, baseUrl: sandbox.baseUrls.linktor })
  for (const renewal of ['login', 'refresh']) {
    const processes = Array.from({ length: 4 }, () => fork(import.meta.filename, [told]))
    const codes = await Promise.all(processes.map(async (child) => (await once(child, 'exit'))[0]))
    assert.deepEqual(codes, [0, 0, 0, 0])
    const asked = (await sandbox.journal()).filter(({ path }) => path.endsWith(`/auth/${renewal}`))
    console.log(`4 processes: ${asked.length} ${renewal}`)
    assert.equal(asked.length, 1)
    await sandbox.control('expire', { family: 'linktor' })
  }
  await rm(folder, { recursive: true })
  await sandbox.stop()
}
