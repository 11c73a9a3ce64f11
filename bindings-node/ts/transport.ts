import { types } from 'node:util'

import { readTo } from './reading.js'
import { isError } from './thrown.js'

/** A `Uint8Array` whose memory is not shared, in the words of every version of TypeScript. */
type Bytes = ReturnType<Uint8Array['slice']>

/** A request as {@link Fetch} gets it. */
export interface FetchInit {
  /** The method, in capitals. */
  method: string
  /** All headers but those of the transport itself; the credential is among them. */
  headers: [name: string, value: string][]
  /** The body, if there is one. */
  body?: Bytes
  /** Always `manual`: the client decides whether to follow a redirect. */
  redirect: 'manual'
  /** Aborts when the attempt is over: its time is up, or nobody waits for it any more. */
  signal: AbortSignal
}

/** What {@link Fetch} gives: the `Response` of the platform, or what has as much of it. */
export interface FetchResponse {
  /** The HTTP status, from 100 to 599. A redirect is given as it is. */
  readonly status: number
  /** The headers, as pairs. */
  readonly headers: Iterable<readonly [string, string]>
  /** The whole body, decompressed. */
  arrayBuffer(): PromiseLike<ArrayBuffer>
}

/**
 * Sends a request once and gives the answer, as the platform's `fetch` does, which is one; and that of `undici`, of
 * Next.js, of a mock. It repeats nothing and adds no credential: all that is the client's.
 *
 * Of what it throws, failures of the network are tried again as such: those of the platform's `fetch`, and errors with
 * a `code` of Node.js (`ECONNRESET`). Anything else is the `cause` of a `CallbackError` at once.
 */
export type Fetch = (url: string, init: FetchInit) => PromiseLike<FetchResponse>

/** What was received, as the addon takes it. */
export type Received = [status: number, headers: string[], body: Uint8Array]

/** Sends what the core asks for: see `src/question.rs`. */
export async function send(fetch: Fetch, asked: readonly unknown[], signal: AbortSignal): Promise<Received> {
  const [, method, url, headers, body, most] = asked as [number, string, string, string, Bytes | null, number]
  const init: FetchInit = { method, headers: pairs(headers), redirect: 'manual', signal, ...(body && { body }) }
  return received(await fetch(url, init), most)
}

async function received(response: Partial<FetchResponse> | undefined, most: number): Promise<Received> {
  const { status, headers } = Object(response) as Partial<FetchResponse>
  const isStatus = Number.isInteger(status) && Number(status) >= 100 && Number(status) <= 599
  const isIterable = typeof headers === 'object' && headers !== null && Symbol.iterator in headers
  if (!response || !isStatus || !isIterable || typeof response.arrayBuffer !== 'function') {
    throw new TypeError(
      'fetch must give a Response, or what has its status (100 to 599), its headers as pairs, and arrayBuffer()',
    )
  }
  const listed = Array.from(headers, (pair) => {
    if (pair.length === 2) return pair.map(String)
    throw new TypeError('the headers of what fetch gives must be pairs of name and value')
  })
  return [Number(status), listed.flat(), await bodyOf(response as FetchResponse & Streamed, most)]
}

/** What the platform's `Response` has, and others may. */
interface Streamed {
  readonly body?: ReadableStream<Uint8Array> | null
}

/** The body is larger than what is read. */
class BodyTooLarge extends Error {
  override name = 'BodyTooLarge'
}

/** Read by pieces where that can be: of a body that is too large, no more than that. */
async function bodyOf(response: FetchResponse & Streamed, most: number): Promise<Uint8Array> {
  const reader = typeof response.body?.getReader === 'function' ? response.body.getReader() : undefined
  if (!reader) {
    const body: unknown = await response.arrayBuffer()
    if (types.isAnyArrayBuffer(body)) return new Uint8Array(body)
    throw new TypeError('arrayBuffer() of what fetch gives must give an ArrayBuffer')
  }
  const bytes = await readTo(reader, most)
  if (bytes.length > most) throw new BodyTooLarge(`the body is larger than ${most} bytes`)
  return bytes
}

function pairs(lines: string): [string, string][] {
  const parts = lines.split('\n')
  return Array.from({ length: parts.length / 2 }, (_, at) => [parts[2 * at] as string, parts[2 * at + 1] as string])
}

/** How the network failed: before anything was sent, in time, or else. */
export type NetworkFailure = 'connect' | 'connect_timeout' | 'timeout' | 'interrupted' | 'body_too_large'

const UNSENT = /^(ECONNREFUSED|ConnectionRefused|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EPROTO)$/
const UNTRUSTED = /CERT|_TLS_|_SSL_|^UNABLE_TO_/
const LATE = /^(UND_ERR_(HEADERS|BODY)_TIMEOUT|ETIMEDOUT|ESOCKETTIMEDOUT|ECONNABORTED|TimeoutError)$/
const UNREACHED = /^UND_ERR_CONNECT_TIMEOUT$/
const BROKEN = /^(ECONNRESET|EPIPE|ConnectionClosed|UND_ERR_SOCKET|UND_ERR_\w*CONTENT_LENGTH\w*|HPE_\w+)$/
/** Failures that are no network's, though `fetch` says so: a mock that was not told what to answer, and a bad body. */
const OTHER = /^(UND_MOCK_ERR\w*|Z_DATA_ERROR)$/
/** What engines say of a network that failed, with or without a cause. */
const SAID = /^(fetch failed|failed to fetch|terminated|network ?error\b|error sending request)/i

/** Tells a failure of the network from one of the function's own code; `undefined` for the latter. */
export function networkFailure(error: unknown): NetworkFailure | undefined {
  if (error instanceof BodyTooLarge) return 'body_too_large'
  const causes = [...chain(error)]
  const isUnsent = causes.some(({ syscall }) => syscall === 'connect' || syscall === 'getaddrinfo')
  for (const known of causes.flatMap(({ code, name }) => [code, name])) {
    if (typeof known !== 'string') continue
    if (OTHER.test(known)) return undefined
    if (UNREACHED.test(known)) return 'connect_timeout'
    if (LATE.test(known)) return isUnsent ? 'connect_timeout' : 'timeout'
    if (UNSENT.test(known) || UNTRUSTED.test(known)) return 'connect'
    if (BROKEN.test(known)) return isUnsent ? 'connect' : 'interrupted'
  }
  return isError(error) && SAID.test(error.message) ? 'interrupted' : undefined
}

interface Cause {
  readonly name?: unknown
  readonly code?: unknown
  readonly syscall?: unknown
  readonly cause?: unknown
  /** Of an `AggregateError`: how each address failed. */
  readonly errors?: unknown
}

/** An error and its causes, as far as they go. */
function* chain(error: unknown): Generator<Cause> {
  let cause = error
  for (let depth = 0; depth < 8 && typeof cause === 'object' && cause !== null; depth++) {
    const known: Cause = cause
    yield known
    cause = known.cause ?? (Array.isArray(known.errors) ? known.errors[0] : undefined)
  }
}
