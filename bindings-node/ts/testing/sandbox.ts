import { inspect } from 'node:util'

import { Linktor } from '../client.js'
import { CREDENTIAL_NAMES } from '../names.js'
import type { LinktorOptions } from '../options.js'
import type { PresetOptions } from '../presets.js'
import { ask, type Call, type Calls, callTold } from './control.js'
import { type DeliveryOptions, type Report, type ReportRecord, reportFrom } from './deliveries.js'
import { SandboxError } from './errors.js'
import { credentialsOf, type Family, type SandboxCredentials } from './families.js'
import { Entry, type EntryRecord } from './journal.js'
import { Process } from './process.js'
import { type Answer, answerTold } from './script.js'

/**
 * A sandbox in a process of its own, on a free port of this machine. It ends with {@link Sandbox.stop}, at the end of
 * an `await using` block, or with this process, which it does not keep alive. What it keeps, it keeps until
 * {@link Sandbox.reset}.
 *
 * ```ts
 * await using sandbox = await Sandbox.start()
 * await sandbox.client().post('/contacts', { json: { name: 'Ada' } })
 * await sandbox.client('libromi', { maxRetries: 0 }).get('/contacts')
 * ```
 */
export class Sandbox {
  /** Where it is: `http://127.0.0.1:40001`. */
  readonly url: string
  /** Each family's `baseUrl`. */
  readonly baseUrls: Readonly<Record<Family, string>>
  /** Each family's `authUrl`, of those that have OAuth. */
  readonly authUrls: Readonly<Record<'api_v1' | 'api_v2', string>>
  /** What each family knows, invented and always the same. */
  readonly credentials: SandboxCredentials
  readonly #process: Process

  private constructor(process: Process) {
    this.#process = process
    this.url = process.ready.url
    this.baseUrls = process.ready.base_urls
    this.authUrls = process.ready.auth_urls
    this.credentials = credentialsOf(process.ready)
  }

  /**
   * Starts a sandbox, and waits until it is ready. Its program is `LINKTOR_SANDBOX` of the environment, else that of
   * the package `@linktor/sandbox`, else the one on the `PATH`. Rejects with a {@link SandboxError} that says what to
   * do where it is not installed, is of another version, or does not start.
   */
  static async start(): Promise<Sandbox> {
    return new Sandbox(await Process.start())
  }

  /** Makes a client of a family with its {@link Sandbox.options}; what is given replaces the sandbox's own. */
  client(family: Family = 'linktor', options: LinktorOptions = {}): Linktor {
    return new Linktor({ provider: family, ...this.options(family, options) })
  }

  /**
   * Gives the options of a client of a family: its URLs, its API key unless the options have another credential, and
   * the options. For presets, and for classes of one's own, which have their provider themselves.
   *
   * ```ts
   * new LibromiConnect(sandbox.options('libromi', { maxRetries: 0 }))
   * ```
   * @throws {SandboxError} if there is no such family
   */
  options(family: Family = 'linktor', options: PresetOptions = {}): PresetOptions {
    if (!Object.hasOwn(this.baseUrls, family)) {
      const known = Object.keys(this.baseUrls).join(', ')
      throw new SandboxError(`there is no family ${JSON.stringify(family)}; there are ${known}`)
    }
    const told = Object.keys(CREDENTIAL_NAMES).some((name) => name in options)
    return {
      baseUrl: this.baseUrls[family],
      ...(family === 'api_v1' || family === 'api_v2' ? { authUrl: this.authUrls[family] } : {}),
      ...(told ? {} : { apiKey: this.credentials[family].apiKey }),
      ...options,
    }
  }

  /**
   * Appends answers: each request to a family takes the first one that matches it, and then its own again. Rejects with
   * a {@link SandboxError} if an answer contradicts itself; then none is appended.
   *
   * ```ts
   * await sandbox.script({ status: 503, headers: { 'Retry-After': '1' } }, { reset: true })
   * await sandbox.script({ json: { data: [] }, match: { path: '/api/v1/contacts' } })
   * ```
   */
  async script(...answers: Answer[]): Promise<void> {
    await this.#ask('script', { answers: answers.map(answerTold) })
  }

  /** Reads all requests to the families, oldest first; the last 20,000 are kept. */
  async journal(): Promise<Entry[]> {
    const { entries } = await this.#ask<{ entries: EntryRecord[] }>('journal')
    return entries.map((record) => new Entry(record))
  }

  /**
   * Changes how the sandbox behaves. Rejects with a {@link SandboxError} if the call is malformed; then nothing is
   * changed.
   *
   * ```ts
   * await sandbox.control('expire', { family: 'linktor' }) // all access tokens so far
   * await sandbox.control('clock', { advance: 3_600_000 }) // milliseconds
   * await sandbox.control('limits', { family: 'api_v2', limits: [{ limit: 2, window: 60_000 }] })
   * ```
   */
  async control<Name extends Call>(call: Name, told: Calls[Name]): Promise<void> {
    await this.#ask(call, callTold(told))
  }

  /**
   * Delivers an event to a receiver of webhooks, and waits until it is received, or given up: one that is not answered
   * with a 2xx in 10 seconds is made again at once, as often as the family would. A receiver that is not there is no
   * error. Rejects with a {@link SandboxError} if the call is malformed; then nothing is delivered.
   *
   * ```ts
   * const { deliveries } = await sandbox.deliver({ url: 'http://127.0.0.1:8000/hooks', event: 'message.received' })
   * ```
   */
  async deliver(options: DeliveryOptions): Promise<Report> {
    return reportFrom(await this.#ask<ReportRecord>('webhooks', { family: 'linktor', ...options }, 0))
  }

  /** Makes it as new: journal, script, limits, sessions, settings, clock, and what was written. */
  async reset(): Promise<void> {
    await this.#ask('reset', {})
  }

  /** Ends it. Clients of it can connect no more. */
  stop(): Promise<void> {
    return this.#process.stop()
  }

  /** Ends it at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** @internal */
  [inspect.custom](): string {
    return `Sandbox { url: ${inspect(this.url)} }`
  }

  async #ask<T = unknown>(call: string, told?: object, timeout?: number): Promise<T> {
    try {
      return await ask<T>(this.url, call, told, timeout)
    } catch (cause) {
      if (cause instanceof SandboxError) throw cause
      const { message } = cause as Error
      throw new SandboxError(`the sandbox does not answer (${message}); ${this.#process.state()}`, { cause })
    }
  }
}
