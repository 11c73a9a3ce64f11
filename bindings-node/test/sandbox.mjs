// A sandbox of the five API families, started and stopped by the test that uses it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, beforeEach } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { Linktor } from '@linktor/sdk'

export const root = join(import.meta.dirname, '..', '..')

// Only what a test gives a client may count.
for (const name of Object.keys(process.env)) {
  if (/^(LINKTOR|LINKIT|LIBROMI|API)_/.test(name) && name !== 'LINKTOR_SANDBOX') delete process.env[name]
}

function binary() {
  const built = ['release', 'debug'].map((profile) => join(root, 'target', profile, 'linktor-sandbox'))
  const found = [process.env.LINKTOR_SANDBOX, ...built].find((path) => path && existsSync(path))
  if (!found) throw new Error('no sandbox: run `cargo build -p linktor-sandbox`, or set LINKTOR_SANDBOX')
  return found
}

const CREDENTIALS = ['accessToken', 'anonymous', 'apiKey', 'email', 'jwt', 'oauth', 'tokenSource']

export class Sandbox {
  #process

  async start() {
    this.#process = spawn(binary(), { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface(this.#process.stdout)
    const ready = await new Promise((resolve, reject) => {
      lines.once('line', resolve)
      this.#process.once('error', reject)
      this.#process.once('exit', (code) => reject(new Error(`the sandbox ended with ${code}`)))
    })
    Object.assign(this, JSON.parse(ready))
  }

  stop() {
    this.#process.stdin.end()
  }

  /** A client of `family` that the sandbox knows. */
  client(family = 'linktor', options = {}) {
    const knows = CREDENTIALS.some((name) => name in options)
    const credential = knows ? {} : { apiKey: this.credentials[family].api_key }
    const urls = { baseUrl: this.base_urls[family], authUrl: this.auth_urls[family] }
    return new Linktor({ provider: family, ...urls, ...credential, ...options })
  }

  async #call(path, init) {
    const answer = await fetch(`${this.url}/_sandbox/${path}`, init)
    const body = await answer.json()
    if (!answer.ok) throw new Error(`/_sandbox/${path}: ${JSON.stringify(body)}`)
    return body
  }

  /** A call of the control plane: tests/sandbox/README.md. */
  control(name, told = {}) {
    return this.#call(name, { method: 'POST', body: JSON.stringify(told) })
  }

  reset() {
    return this.control('reset')
  }

  script(...answers) {
    return this.control('script', { answers })
  }

  async journal() {
    return (await this.#call('journal')).entries
  }

  /** The journal, once `done` says so of it. */
  async journalWhen(done) {
    for (let tries = 0; tries < 200; tries++) {
      const entries = await this.journal()
      if (done(entries)) return entries
      await sleep(10)
    }
    throw new Error(`the journal never came to be so: ${JSON.stringify(await this.journal())}`)
  }
}

/** A sandbox for all tests of a file, reset before each. */
export function useSandbox() {
  const sandbox = new Sandbox()
  before(() => sandbox.start())
  beforeEach(() => sandbox.reset())
  after(() => sandbox.stop())
  return sandbox
}

/** The error that `promise` rejects with. */
export async function rejection(promise) {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not reject')
}
