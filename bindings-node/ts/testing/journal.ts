import { inspect } from 'node:util'

/** A request to a family, recorded on arrival. Printing it shows neither query nor headers nor body. */
export class Entry {
  /** The family's name. */
  readonly family: string
  /** The method, as received. */
  readonly method: string
  /** The path after the family's prefix, percent-encoded as received: `/api/v1/me`. */
  readonly path: string
  /** What was answered: `null` until then, and for ever after `reset` and `close`. */
  readonly status: number | null
  /** Whether the client went away before the answer was finished; set a moment after it left. */
  readonly aborted: boolean
  readonly #record: EntryRecord

  /** @internal */
  constructor(record: EntryRecord) {
    this.family = record.family
    this.method = record.method
    this.path = record.path
    this.status = record.status
    this.aborted = record.aborted
    this.#record = record
  }

  /** The query, as received, without its question mark; `null` if there was none. */
  get query(): string | null {
    return this.#record.query
  }

  /** The headers, by name in any case. */
  get headers(): Headers {
    // A header holds bytes, one a character: those of a text beyond Latin-1 are its UTF-8.
    const pairs = this.#record.headers.map(([name, value]): [string, string] => [name, bytesAsText(value)])
    return new Headers(pairs)
  }

  /** The body; empty until it has come whole, and when there was none. */
  bytes(): Uint8Array {
    const { body, body_base64: base64 } = this.#record
    return base64 === undefined ? Buffer.from(body ?? '') : Buffer.from(base64, 'base64')
  }

  /** The body as text. What is no UTF-8 is replaced. */
  text(): string {
    return Buffer.from(this.bytes()).toString()
  }

  /**
   * The body, parsed.
   * @throws {SyntaxError} if it is no JSON
   */
  json<T = unknown>(): T {
    return JSON.parse(this.text())
  }

  /** @internal */
  [inspect.custom](): string {
    const { family, method, path, status, aborted } = this
    return `Entry ${inspect({ family, method, path, status, aborted })}`
  }
}

/** An entry as the sandbox writes it. */
export interface EntryRecord {
  readonly family: string
  readonly method: string
  readonly path: string
  readonly query: string | null
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body?: string
  readonly body_base64?: string
  readonly status: number | null
  readonly aborted: boolean
}

function bytesAsText(value: string): string {
  return /[^\0-\xff]/.test(value) ? Buffer.from(value).toString('latin1') : value
}
