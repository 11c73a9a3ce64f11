import { failureOf } from './failures.js'
import { inOwnNames } from './names.js'
import { milliseconds } from './time.js'

/** What went wrong, as one word: the same in every language. */
export type ErrorKind =
  | 'config'
  | 'invalid_request'
  | 'authentication'
  | 'quota_exceeded'
  | 'permission'
  | 'not_found'
  | 'conflict'
  | 'validation'
  | 'rate_limited'
  | 'server'
  | 'api'
  | 'timeout'
  | 'connection'
  | 'protocol'
  | 'decode'
  | 'token_store'
  | 'callback'
  | 'cancelled'
  | 'closed'
  | 'webhook_verification'
  | 'internal'

/**
 * An error as the core tells it.
 * @internal
 */
export interface ErrorRecord {
  kind: ErrorKind
  message: string
  status?: number
  code?: string
  details?: unknown
  request_id?: string
  retry_after?: number
  attempts: number
  waited: number
  sent: 'no' | 'maybe' | 'yes'
  method?: string
  path?: string
  body?: string
  cause?: ErrorRecord
  reason?: string
  upcall?: number
}

/**
 * The base of all errors of this SDK. It holds no credential. Printing it shows no query string, and of the answer's
 * body only message and code; a short plain text is the message.
 */
export class LinktorError extends Error {
  /** What went wrong, as one word. */
  declare readonly kind: ErrorKind
  /** The HTTP status, if the server answered. */
  declare readonly status?: number
  /** The provider's code (`TOKEN_INVALID`), or this client's own (`redirect_refused`). */
  declare readonly code?: string
  /** The id of the request: the server's where it returns one, else the client's own. */
  declare readonly requestId?: string
  /**
   * Seconds to wait before another try: what the server asks for, or, where nothing was sent (`attempts` is 0), how
   * long the rate limit leaves no room. `undefined` where nobody has said, or can tell.
   */
  declare readonly retryAfter?: number
  /** How many times the request was sent, or begun to be sent. */
  declare readonly attempts: number
  /** Milliseconds that the call waited in all: for rate limits, and between its attempts. */
  declare readonly waited: number
  /** May the server have acted on the request? */
  declare readonly sent: 'no' | 'maybe' | 'yes'
  /** The request's method. */
  declare readonly method?: string
  /** The request's path, without its query. */
  declare readonly path?: string
  readonly #details: unknown
  readonly #body: string

  /** @internal */
  constructor(record: ErrorRecord, options?: ErrorOptions) {
    super(record.message, options)
    this.#details = record.details
    this.#body = record.body ?? ''
    const known = {
      kind: record.kind,
      status: record.status,
      code: record.code,
      requestId: record.request_id,
      retryAfter: record.retry_after,
      attempts: record.attempts,
      waited: milliseconds(record.waited),
      sent: record.sent,
      method: record.method,
      path: record.path,
    }
    for (const [name, value] of Object.entries(known)) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true })
    }
  }

  /** What the server says besides: fields that failed, for example. */
  get details(): unknown {
    return this.#details
  }

  /** The first 4 KiB of the answer's body as text, with this client's credential blotted out. */
  get body(): string {
    return this.#body
  }
}

/** The server answered with a status that is no success, or an envelope that reports a failure. */
export class APIError extends LinktorError {}
/** HTTP 401: the credential was refused. */
export class AuthenticationError extends APIError {}
/** HTTP 402: the plan's quota is used up. */
export class QuotaExceededError extends APIError {}
/** HTTP 403: the credential may not do this. */
export class PermissionDeniedError extends APIError {}
/** HTTP 404: there is no such thing. */
export class NotFoundError extends APIError {}
/** HTTP 409: it contradicts what is stored. */
export class ConflictError extends APIError {}
/** HTTP 400 or 422: the server refused the request's content. */
export class ValidationError extends APIError {}
/**
 * HTTP 429: too many requests; or, with `attempts` 0 and without a status, the wait for a rate limit would have been
 * longer than `maxRetryWait` or the deadline, and nothing was sent. Its {@link LinktorError.retryAfter} is in seconds,
 * and `undefined` where that cannot be told.
 */
export class RateLimitError extends APIError {}
/** HTTP 5xx. */
export class ServerError extends APIError {}
/** An attempt's timeout or the call's deadline struck. */
export class RequestTimeoutError extends LinktorError {}
/** The connection could not be made, or broke. */
export class APIConnectionError extends LinktorError {}
/** The server broke the rules of HTTP or of this client; the code says which. */
export class ProtocolError extends LinktorError {}
/** The body is not what it was to be read as. */
export class DecodeError extends LinktorError {}
/**
 * The token store failed. Where it could not be read or locked, the call that needs a token
 * fails. Where only the saving failed, calls go on with the tokens in memory, and
 * `auth.login()`, `auth.refresh()` and `auth.exchangeCode()` report it.
 */
export class TokenStoreError extends LinktorError {}
/** The client cannot be made, or used, as it is configured. */
export class ConfigError extends LinktorError {}
/** The request cannot be sent as it is written; nothing was sent. */
export class InvalidRequestError extends LinktorError {}
/** The caller's own function failed; what it threw is the `cause`. */
export class CallbackError extends LinktorError {}
/** The client was closed. */
export class ClientClosedError extends LinktorError {}
/**
 * A webhook delivery is not what its sender signed, or not of now. Its `code` is one of these, checked in this order:
 *
 * * `payload_too_large`: the body is longer than `sizeLimit`
 * * `missing_signature`: a header that the scheme reads is not there, or empty
 * * `malformed_signature`: such a header is there twice, or not written as the scheme says
 * * `signature_mismatch`: the signature is not of this body and any of the secrets
 * * `timestamp_out_of_tolerance`: the signed time is further from now than `tolerance`
 */
export class WebhookVerificationError extends LinktorError {}

const CLASSES: { readonly [kind in ErrorKind]?: typeof LinktorError } = {
  api: APIError,
  authentication: AuthenticationError,
  callback: CallbackError,
  closed: ClientClosedError,
  config: ConfigError,
  conflict: ConflictError,
  connection: APIConnectionError,
  decode: DecodeError,
  invalid_request: InvalidRequestError,
  not_found: NotFoundError,
  permission: PermissionDeniedError,
  protocol: ProtocolError,
  quota_exceeded: QuotaExceededError,
  rate_limited: RateLimitError,
  server: ServerError,
  timeout: RequestTimeoutError,
  token_store: TokenStoreError,
  validation: ValidationError,
  webhook_verification: WebhookVerificationError,
}

for (const type of [LinktorError, ...Object.values(CLASSES)]) {
  Object.defineProperty(type.prototype, 'name', { value: type.name, configurable: true, writable: true })
}

/**
 * The error of the right class for what the core tells.
 * @internal
 */
export function errorFrom(told: ErrorRecord): LinktorError {
  const record = isOfOptions(told)
    ? { ...told, message: inOwnNames(told.message, told.kind === 'invalid_request') }
    : told
  const type = CLASSES[record.kind] ?? LinktorError
  const failure = failureOf(record.upcall)
  if (failure) return new type(record, failure)
  if (record.cause) return new type(record, { cause: errorFrom(record.cause) })
  if (record.reason !== undefined) return new type(record, { cause: new Error(record.reason) })
  return new type(record)
}

/** Whether the core speaks of options: a server's own words come with a status. */
function isOfOptions({ kind, status }: ErrorRecord): boolean {
  return (kind === 'config' || kind === 'invalid_request') && status === undefined
}

/**
 * Why something is refused before anything is sent.
 * @internal
 */
export type Refusal = (message: string, reason?: unknown) => LinktorError

/** @internal */
export const configError = refusal('config')
/** @internal */
export const invalidRequest = refusal('invalid_request')

function refusal(kind: ErrorKind): Refusal {
  const type = CLASSES[kind] ?? LinktorError
  return (message, reason) => {
    const record: ErrorRecord = { kind, message, attempts: 0, waited: 0, sent: 'no' }
    return reason === undefined ? new type(record) : new type(record, { cause: reason })
  }
}
