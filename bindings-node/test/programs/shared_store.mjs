// Makes a call from a store in a folder, with a lock that is a folder too; ends it after so many milliseconds, if told.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { Linktor } from '@linktor/sdk'

const [, , baseUrl, , folder, email, password, patience] = process.argv
const file = (key) => `${folder}/${Buffer.from(key).toString('hex').slice(-32)}`

const tokenStore = {
  load: (key) => readFile(`${file(key)}.json`, 'utf8').catch(() => null),
  async save(key, text) {
    await writeFile(`${file(key)}.${process.pid}`, text, { mode: 0o600 })
    await rename(`${file(key)}.${process.pid}`, `${file(key)}.json`)
  },
  async lock(key, { signal }) {
    for (;;) {
      try {
        await mkdir(`${file(key)}.lock`)
        return () => rm(`${file(key)}.lock`, { recursive: true })
      } catch (error) {
        if (error.code !== 'EEXIST') throw error
        await sleep(5, undefined, { signal })
      }
    }
  },
}

const client = new Linktor({ baseUrl, email, password, tokenStore })
const signal = patience && AbortSignal.timeout(Number(patience))
console.log(
  await client.get('/me', signal && { signal }).then(
    ({ status }) => status,
    ({ name }) => name,
  ),
)
