// A sandbox of the five API families, started and stopped by the test that uses it.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { Sandbox } from '@linktor/sdk/testing'

export const root = join(import.meta.dirname, '..', '..')

// Only what a test gives a client may count.
for (const name of Object.keys(process.env)) {
  if (/^(LINKTOR|LINKIT|LIBROMI|API)_(?!SANDBOX$|SOAK_CALLS$)/.test(name)) delete process.env[name]
}

const built = ['release', 'debug'].map((profile) => join(root, 'target', profile, 'linktor-sandbox'))
process.env.LINKTOR_SANDBOX ??= built.find((path) => existsSync(path)) ?? built[1]

/** The sandbox as it speaks itself: with its own names and units, whatever users' tests are given. */
export class OwnSandbox {
  #sandbox

  async start() {
    this.#sandbox = await Sandbox.start()
    this.url = this.#sandbox.url
    Object.assign(this, await this.#call(''))
  }

  stop() {
    return this.#sandbox.stop()
  }

  /** A client of `family` that the sandbox knows. */
  client(family, options) {
    return this.#sandbox.client(family, options)
  }

  async #call(path, init) {
    const answer = await fetch(`${this.url}/_sandbox${path && `/${path}`}`, init)
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
  const sandbox = new OwnSandbox()
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

/** Waits until nothing answers at a sandbox's URL. */
export async function gone(url) {
  for (let tries = 0; tries < 500; tries++) {
    const answers = await fetch(`${url}/_sandbox`).then(
      () => true,
      () => false,
    )
    if (!answers) return
    await sleep(20)
  }
  throw new Error('the sandbox outlived what started it')
}
