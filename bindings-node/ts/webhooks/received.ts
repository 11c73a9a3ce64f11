import { types } from 'node:util'

import { configError, invalidRequest } from '../errors.js'

/** A body **as it was received**: its bytes, or the text that they are the UTF-8 of. */
export type WebhookBody = string | ArrayBufferView | ArrayBufferLike

/** One secret, or several of which any may have signed. A text stands for its UTF-8. */
export type WebhookSecret = string | Uint8Array | readonly (string | Uint8Array)[]

type HeaderText = string | Uint8Array
type HeaderValue = HeaderText | readonly HeaderText[] | null | undefined

/**
 * A delivery's headers, by names in any case: `request.headers` of Node.js, Express, Fastify, a fetch `Request` or a
 * Lambda event, `headersDistinct`, `rawHeaders`, a `Map`, or pairs of name and value. Each of several values, and of
 * several names that differ in case, counts as a header of its own; one that is `null` or `undefined` is not there.
 */
export type WebhookHeaders =
  | Readonly<Record<string, HeaderValue>>
  | Iterable<readonly [HeaderText, HeaderValue]>
  | readonly HeaderText[]

const RAW =
  'a delivery is verified over its bytes as they were received: in Express read them with ' +
  "express.raw({ type: () => true, limit: '1mb' }) instead of express.json(), in Fastify with receiver.fastify, from a " +
  'fetch Request with await request.arrayBuffer()'

/**
 * The bytes of a body; a copy of those that another thread could change meanwhile.
 * @internal
 */
export function bytesOf(body: unknown): Buffer {
  if (typeof body === 'string') return Buffer.from(body)
  const bytes = viewOf(body)
  if (bytes) return types.isSharedArrayBuffer(bytes.buffer) ? Buffer.from(bytes) : bytes
  const what = types.isPromise(body) ? 'a promise' : typeof body === 'object' && body ? 'a parsed object' : kindOf(body)
  throw invalidRequest(`the webhook's body is ${what}, but ${RAW}`)
}

function viewOf(body: unknown): Buffer | undefined {
  try {
    if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    return types.isAnyArrayBuffer(body) ? Buffer.from(body) : undefined
  } catch (error) {
    throw invalidRequest("the webhook's body cannot be read: was its memory given away?", error)
  }
}

/**
 * Whether a value is bytes or text.
 * @internal
 */
export function isRaw(value: unknown): value is WebhookBody {
  return typeof value === 'string' || ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)
}

/**
 * The bytes of the secrets.
 * @internal
 */
export function secretsOf(secret: unknown): Uint8Array[] {
  return Array.from(Array.isArray(secret) ? secret : [secret], (one: unknown) => {
    if (types.isUint8Array(one)) return one
    if (typeof one === 'string' && one.isWellFormed()) return Buffer.from(one)
    if (one === undefined || one === null) {
      throw configError(`the webhook secret is ${one}: is the variable that holds it set?`)
    }
    const what = typeof one === 'string' ? 'a text that UTF-8 cannot write' : kindOf(one)
    throw configError(`the webhook secret must be a text or a Uint8Array, or a list of these, and it is ${what}`)
  })
}

/**
 * The headers of a delivery that a verifier reads.
 * @internal
 */
export class HeaderLines {
  readonly #names: ReadonlySet<string>
  readonly #lengths: ReadonlySet<number>

  /** @param names in lower case */
  constructor(names: readonly string[]) {
    this.#names = new Set(names)
    this.#lengths = new Set(names.map((name) => name.length))
  }

  /** Their names and values in turn, each ended by a line feed: see `src/webhook.rs`. */
  of(headers: unknown): string {
    if (typeof headers !== 'object' || headers === null) throw unreadable(`they are ${kindOf(headers)}`)
    let lines = ''
    if (!(Symbol.iterator in headers)) {
      const values = headers as Readonly<Record<string, unknown>>
      for (const name in values) {
        if (this.#has(name) && Object.hasOwn(values, name)) lines += linesOf(name, values[name])
      }
      return lines
    }
    for (const [given, value] of pairsOf(Array.from(headers as Iterable<unknown>))) {
      const name = textOf(given)
      if (this.#has(name)) lines += linesOf(name, value)
    }
    return lines
  }

  /** Most are told apart by their lengths, which costs the least. */
  #has(name: string): boolean {
    return this.#lengths.has(name.length) && this.#names.has(name.toLowerCase())
  }
}

/** Pairs as they are, or from names and values in turn, which begin with a name. */
function pairsOf(listed: readonly unknown[]): readonly (readonly unknown[])[] {
  const isInTurn = typeof listed[0] === 'string' || types.isUint8Array(listed[0])
  const pairs = isInTurn ? listed.flatMap((_, at) => (at % 2 === 0 ? [listed.slice(at, at + 2)] : [])) : listed
  return pairs.map((pair) => {
    if (Array.isArray(pair) && pair.length === 2) return pair
    throw unreadable('one of those listed is no pair of name and value')
  })
}

/** The lines of a header, once for each of its values. */
function linesOf(name: string, value: unknown): string {
  if (typeof value === 'string') return line(name) + line(value)
  if (value === undefined || value === null) return ''
  return (Array.isArray(value) ? value : [value]).map((one) => line(name) + line(textOf(one))).join('')
}

/** A line feed within becomes a NUL: no header has either, and no other byte makes one right. */
function line(text: string): string {
  return `${text.includes('\n') ? text.replaceAll('\n', '\0') : text}\n`
}

function textOf(text: unknown): string {
  if (typeof text === 'string') return text
  if (types.isUint8Array(text)) return Buffer.from(text).toString('latin1')
  throw unreadable(`a name or value is ${kindOf(text)}, not a text`)
}

function unreadable(why: string): Error {
  return invalidRequest(`the webhook's headers must be an object of texts by name, or pairs: ${why}`)
}

/** What a value is, without showing it. */
function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
