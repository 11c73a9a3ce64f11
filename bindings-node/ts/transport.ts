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
  const [, method, url, headers, body] = asked as [number, string, string, string, Bytes | null]
  const init: FetchInit = { method, headers: pairs(headers), redirect: 'manual', signal, ...(body && { body }) }
  const response: FetchResponse = await fetch(url, init)
  const { status, headers: received } = response ?? {}
  if (!(status >= 100 && status <= 599) || !received || typeof response.arrayBuffer !== 'function') {
    throw new TypeError('fetch must give a Response, or what has its status (100 to 599), headers and arrayBuffer()')
  }
  const listed = Array.from(received, ([name, value]) => [String(name), String(value)]).flat()
  return [status, listed, new Uint8Array(await response.arrayBuffer())]
}

function pairs(lines: string): [string, string][] {
  const parts = lines.split('\n')
  return Array.from({ length: parts.length / 2 }, (_, at) => [parts[2 * at] as string, parts[2 * at + 1] as string])
}

/** How the network failed: whether in time, and before anything was sent. */
export interface NetworkFailure {
  readonly isTimeout: boolean
  readonly isUnsent: boolean
}

const UNSENT = /^(ECONNREFUSED|ConnectionRefused|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$|CERT|_TLS_/
const LATE = /^(UND_ERR_(HEADERS|BODY)_TIMEOUT|ETIMEDOUT|ESOCKETTIMEDOUT|ECONNABORTED|TimeoutError)$/
const UNREACHED = /^UND_ERR_CONNECT_TIMEOUT$/
const BROKEN = /^(ECONNRESET|EPIPE|ConnectionClosed|UND_ERR_SOCKET|UND_ERR_\w*CONTENT_LENGTH\w*|HPE_\w+)$/
/** What engines say of a network that failed, with or without a cause. */
const SAID = /^(fetch failed|failed to fetch|terminated|network ?error\b|error sending request)/i

/** Tells a failure of the network from one of the function's own code; `undefined` for the latter. */
export function networkFailure(error: unknown): NetworkFailure | undefined {
  for (const { name, code, syscall } of chain(error)) {
    const isUnsent = syscall === 'connect' || syscall === 'getaddrinfo'
    for (const known of [code, name]) {
      if (typeof known !== 'string') continue
      if (UNREACHED.test(known)) return { isTimeout: true, isUnsent: true }
      if (LATE.test(known)) return { isTimeout: true, isUnsent }
      if (UNSENT.test(known)) return { isTimeout: false, isUnsent: true }
      if (BROKEN.test(known)) return { isTimeout: false, isUnsent }
    }
  }
  const isSaid = error instanceof Error && SAID.test(error.message)
  return isSaid ? { isTimeout: false, isUnsent: false } : undefined
}

/** An error and its causes, as far as they go. */
function* chain(error: unknown): Generator<{ name?: unknown; code?: unknown; syscall?: unknown }> {
  let cause = error
  for (let depth = 0; depth < 8 && typeof cause === 'object' && cause !== null; depth++) {
    yield cause
    cause = 'cause' in cause ? cause.cause : undefined
  }
}
