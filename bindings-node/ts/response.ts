import { inspect } from 'node:util'

import type { Completion } from './calls.js'
import { DecodeError, type ErrorRecord } from './errors.js'
import { type RateLimit, rateLimitFrom } from './limits.js'
import { type NativeClient, translated } from './native.js'
import type { Page } from './paginator.js'
import { milliseconds } from './time.js'

/** A success, whole: everything that it holds is there without waiting. */
export class LinktorResponse {
  /** The HTTP status. */
  readonly status: number
  /** How many times the request was sent. */
  readonly attempts: number
  /** Milliseconds that the call waited in all: for rate limits, and between its attempts. */
  readonly waited: number
  /** The id of the request: the server's where it returns one, else the client's own. */
  readonly requestId: string
  /** What this answer says of the rate limit; `undefined` if it says nothing. */
  readonly rateLimit: RateLimit | undefined
  readonly #body: string | Uint8Array
  readonly #meta: string
  readonly #client: NativeClient
  #headers: Headers | undefined

  /** @internal */
  constructor({ status, body, meta }: Completion, client: NativeClient) {
    const [attempts, waited, requestId = '', rateLimit] = meta.split('\n', 4)
    this.status = status
    this.attempts = Number(attempts)
    this.waited = milliseconds(Number(waited))
    this.requestId = requestId
    this.rateLimit = rateLimit ? rateLimitFrom(rateLimit) : undefined
    this.#body = body
    this.#meta = meta
    this.#client = client
  }

  /** The headers, by name in any case. */
  get headers(): Headers {
    if (!this.#headers) {
      this.#headers = new Headers()
      const [, , , , , ...pairs] = this.#meta.split('\n')
      for (let at = 0; at + 1 < pairs.length; at += 2) {
        this.#headers.append(pairs[at] as string, pairs[at + 1] as string)
      }
    }
    return this.#headers
  }

  /** The body as it came, decompressed. */
  bytes(): Uint8Array {
    return typeof this.#body === 'string' ? Buffer.from(this.#body) : new Uint8Array(this.#body)
  }

  /**
   * The body as text.
   * @throws {DecodeError} if it is not UTF-8
   */
  text(): string {
    if (typeof this.#body !== 'string') throw this.#undecodable('the body is not UTF-8')
    return this.#body
  }

  /**
   * The body as sent, parsed; `null` if it is empty.
   * @throws {DecodeError} if it is not JSON
   */
  json<T = unknown>(): T {
    const text = this.text()
    return this.#parse(/^[ \t\n\f\r]*$/.test(text) ? 'null' : text)
  }

  /**
   * The payload under the family's envelope, parsed; `null` if there is none. A list that
   * the server sends as `null` is empty.
   * @throws {DecodeError} if the body is not JSON
   * @throws {APIError} if the envelope reports a failure
   */
  data<T = unknown>(): T {
    const text = this.text()
    const span = translated(
      () => this.#client.payload(this.status, text),
      (record) => this.#told(record),
    )
    if (span === null) return this.#parse('null')
    const [start, end] = span
    return this.#parse(start === undefined ? '[]' : text.slice(start, end))
  }

  /**
   * The page of a list that was asked for.
   * @internal
   */
  page<T>(): Page<T> {
    const [, , , , page = ''] = this.#meta.split('\n', 5)
    const [start, end, next] = page.split(' ').map(Number)
    const items = end === undefined ? [] : this.#parse<T[]>(this.text().slice(start, end))
    return { items, next, response: this }
  }

  /** @internal */
  [inspect.custom](): string {
    return `LinktorResponse { status: ${this.status}, requestId: ${inspect(this.requestId)}, attempts: ${this.attempts} }`
  }

  #parse<T>(json: string): T {
    try {
      return JSON.parse(json)
    } catch {
      // The parser's own message is not kept: it quotes the body.
      throw this.#undecodable('the body is not the JSON that was expected')
    }
  }

  #undecodable(message: string): DecodeError {
    const body = Buffer.from(this.bytes().subarray(0, 4096)).toString()
    const { status, attempts } = this
    return new DecodeError(this.#told({ kind: 'decode', message, status, attempts, waited: 0, sent: 'yes', body }))
  }

  #told(record: ErrorRecord): ErrorRecord {
    return { ...record, request_id: this.requestId, attempts: this.attempts, waited: this.waited / 1000 }
  }
}
