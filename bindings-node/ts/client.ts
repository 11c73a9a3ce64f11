import { inspect } from 'node:util'

import { Calls } from './calls.js'
import { errorFrom, invalidRequest } from './errors.js'
import { type NativeClient, native, translated } from './native.js'
import { clientOptions, type LinktorOptions } from './options.js'
import { type RequestOptions, written } from './request.js'
import { LinktorResponse } from './response.js'
import { checkSignal } from './signal.js'
import { currentQuestion, Questions } from './source.js'

const FAILED = 0
const ASKED = -1
const ABANDONED = -2

/**
 * A client of one API with one credential. Safe to share between concurrent calls, which
 * share its connections. It does not keep the process alive unless a call is under way.
 *
 * ```ts
 * const client = new Linktor({ apiKey: 'YOUR_API_KEY' })
 * const me = (await client.get('/me')).data<{ id: string }>()
 * ```
 */
export class Linktor {
  readonly #native: NativeClient
  readonly #calls = new Calls(this)
  readonly #questions: Questions | undefined

  /**
   * Checks all options; nothing is sent.
   * @throws {ConfigError} that names the option which cannot be what it says
   */
  constructor(options: LinktorOptions = {}) {
    const json = clientOptions(options)
    // Weak: the addon's reference to its wake function must not keep an idle client alive.
    const self = new WeakRef(this)
    const wake = () => {
      const client = self.deref()
      if (client) client.#drain()
    }
    this.#native = translated(() => new native.Client(json, wake))
    this.#questions = options.tokenSource && new Questions(options.tokenSource)
  }

  /** The API family's name. */
  get provider(): string {
    return this.#native.provider
  }

  /** Sends a GET request. Rejects as {@link Linktor.request} does. */
  get(path: string, options?: RequestOptions): Promise<LinktorResponse> {
    return this.request('GET', path, options)
  }

  /** Sends a POST request. Rejects as {@link Linktor.request} does. */
  post(path: string, options?: RequestOptions): Promise<LinktorResponse> {
    return this.request('POST', path, options)
  }

  /** Sends a PUT request. Rejects as {@link Linktor.request} does. */
  put(path: string, options?: RequestOptions): Promise<LinktorResponse> {
    return this.request('PUT', path, options)
  }

  /** Sends a PATCH request. Rejects as {@link Linktor.request} does. */
  patch(path: string, options?: RequestOptions): Promise<LinktorResponse> {
    return this.request('PATCH', path, options)
  }

  /** Sends a DELETE request. Rejects as {@link Linktor.request} does. */
  delete(path: string, options?: RequestOptions): Promise<LinktorResponse> {
    return this.request('DELETE', path, options)
  }

  /**
   * Sends a request of any method and resolves to its success.
   *
   * `path` is under the base URL, with `{name}` where a path parameter goes; or an absolute
   * URL under the base URL. Rejects with a {@link LinktorError}, or with the reason of
   * `options.signal` if that aborted.
   */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<LinktorResponse> {
    if (typeof method !== 'string' || typeof path !== 'string') throw invalidRequest('method and path must be texts')
    const { signal } = options
    if (signal) checkSignal(signal)
    const { options: told, body } = written(options, currentQuestion())
    const id = translated(() =>
      typeof body === 'string'
        ? this.#native.submit(method, path, told, body)
        : this.#native.submitBytes(method, path, told, body),
    )
    const outcome = await this.#calls.wait(id, signal, (id) => this.#native.cancel(id))
    // Made here, not where it was drained: so the stack shows who called.
    if (typeof outcome === 'string') throw errorFrom(JSON.parse(outcome), this.#questions?.failures)
    return new LinktorResponse(outcome, this.#native)
  }

  /** Ends all calls in flight, and all later ones, with a {@link ClientClosedError}. */
  close(): void {
    this.#native.close()
  }

  /** Closes the client at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  /** What `JSON.stringify` shows: no secret. */
  toJSON(): { provider: string } {
    return { provider: this.provider }
  }

  /** @internal */
  [inspect.custom](): string {
    return `${this.constructor.name} { provider: ${inspect(this.provider)} }`
  }

  #drain(): void {
    try {
      const batch = this.#native.drain()
      for (let at = 0; at < batch.length; at += 4) {
        const id = batch[at] as number
        const status = batch[at + 1] as number
        const body = batch[at + 2] as string | Uint8Array
        if (status > FAILED) this.#calls.settle(id, { status, body, meta: batch[at + 3] as string })
        else if (status === FAILED) this.#calls.settle(id, body as string)
        else if (status === ASKED) this.#questions?.ask(id)
        else if (status === ABANDONED) this.#questions?.abandon(id)
      }
    } catch (error) {
      this.#calls.abandon(error)
    }
  }
}
