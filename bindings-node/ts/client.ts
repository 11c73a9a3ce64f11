import { inspect } from 'node:util'

import { Auth } from './auth.js'
import type { CredentialOptions } from './credentials.js'
import { Handle } from './handle.js'
import type { RateLimit } from './limits.js'
import type { LinktorOptions } from './options.js'
import { type PageOptions, Paginator } from './paginator.js'
import type { RequestOptions } from './request.js'
import type { LinktorResponse } from './response.js'

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
  readonly #handle: Handle
  readonly #auth: Auth

  /**
   * Checks all options; nothing is sent.
   * @throws {ConfigError} that names the option which cannot be what it says
   */
  constructor(options?: LinktorOptions)
  constructor(options: LinktorOptions | Handle = {}) {
    this.#handle = options instanceof Handle ? options : Handle.root(options)
    this.#auth = new Auth(this.#handle)
  }

  /** The API family's name. */
  get provider(): string {
    return this.#handle.native.provider
  }

  /** The session: log in, refresh, test, forget, ask for consent. */
  get auth(): Auth {
    return this.#auth
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
  request(method: string, path: string, options: RequestOptions = {}): Promise<LinktorResponse> {
    return this.#handle.request(method, path, options)
  }

  /**
   * Reads a list that comes by pages: the items of all, or {@link Paginator.pages}. The first
   * page is the one that the query names, and the query goes with every page. Rejects as
   * {@link Linktor.request} does.
   * @throws {LinktorError} if an option cannot be what it says
   */
  paginate<T = unknown>(path: string, options: PageOptions = {}): Paginator<T> {
    return new Paginator(this.#handle, path, options)
  }

  /**
   * What is known of the rate limit of a class of requests, by the family's name for it; of
   * the class of the last answer, if none is named. `undefined` as long as no answer has told
   * a number. Nothing is sent.
   * @throws {ConfigError} if the family has no such class
   */
  rateLimit(cls?: string): RateLimit | undefined {
    return this.#handle.rateLimit(cls)
  }

  /**
   * A handle for another organization: the same connections, session and rate limits. A handle
   * of a subclass is one too, made without running the constructor of that subclass.
   * @throws {ConfigError} if the id is empty or malformed
   */
  withOrganization(id: string): this {
    return this.#made(this.#handle.withOrganization(id))
  }

  /**
   * A handle for somebody else, with a session of its own over the same connections, and the
   * rate limits of its credential, however many handles have it: for servers that act for many
   * users. It costs little, and is made as by
   * {@link Linktor.withOrganization}. It keeps the organization of the options, but none that
   * a login named.
   * @throws {ConfigError} if the credential is incomplete, or the family does not know it
   */
  withCredentials(options: CredentialOptions): this {
    return this.#made(this.#handle.withCredentials(options))
  }

  /**
   * Ends all calls in flight, and all later ones, with a {@link ClientClosedError}, those of
   * its handles too. On a handle it does nothing.
   */
  close(): void {
    this.#handle.native.close()
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

  #made(handle: Handle): this {
    return Reflect.construct(Linktor, [handle], this.constructor)
  }
}
