import { types } from 'node:util'

import { invalidRequest } from './errors.js'
import { checkText, finite, headerPairs, knownOptions, seconds } from './given.js'
import { jsonText } from './json.js'
import { REQUEST_NAMES } from './names.js'
import type { HeadersInput } from './options.js'
import { signalOf } from './signal.js'

/** A value of a query or form. Lists repeat the name; `null` and `undefined` are left out. */
export type Value = string | number | bigint | boolean | null | undefined
/** Values by name. */
export type Values = Readonly<Record<string, Value | readonly Value[]>> | URLSearchParams

/** What a request may say besides its method and path. At most one of `json`, `body` and `form`. */
export interface RequestOptions {
  /** Query parameters. */
  query?: Values | undefined
  /** Sent as JSON. Numbers must be finite. */
  json?: unknown | undefined
  /** Sent as it is; text as UTF-8. */
  body?: string | Uint8Array | undefined
  /** The body's media type. */
  contentType?: string | undefined
  /** Sent as `application/x-www-form-urlencoded`. */
  form?: Values | undefined
  /** Headers besides the client's own. */
  headers?: HeadersInput | undefined
  /** Values for the placeholders of the path: `{ id: 7 }` for `/users/{id}`. */
  pathParams?: Readonly<Record<string, string | number | bigint | boolean>> | undefined
  /** The organization of this request, before the client's. */
  organizationId?: string | undefined
  /** Milliseconds that one attempt may take, before the client's. */
  timeout?: number | undefined
  /** Milliseconds that the whole call may take, before the client's. */
  deadline?: number | undefined
  /** How often the request is tried again at most, before the client's; 0 sends it once. */
  maxRetries?: number | undefined
  /**
   * Milliseconds that a server's hint or the queue for a rate limit may ask to wait at most, before the client's; may
   * be 0. What asks for longer is an error at once, whose `retryAfter` is in seconds. A wait without a hint is no
   * longer either.
   */
  maxRetryWait?: number | undefined
  /**
   * Whether sending it twice is as good as once: it is then tried again also where the server may have acted. Default:
   * as its method says (RFC 9110, 9.2.2), unless the family knows better of its path.
   */
  idempotent?: boolean | undefined
  /**
   * Sent as `Idempotency-Key` with every attempt, to servers that know a request again by it; it is then tried again
   * also where the server may have acted, unless `idempotent` is `false`. Default: none.
   */
  idempotencyKey?: string | undefined
  /** The id of this request. Default: a fresh UUIDv7. */
  requestId?: string | undefined
  /** Ends the call at once when it aborts; the call rejects with the signal's reason. */
  signal?: AbortSignal | null | undefined
}

/** A request as the core reads it, but for what each sending adds. */
export interface Written {
  readonly told: object
  readonly body: string | Uint8Array
  readonly signal: AbortSignal | undefined
}

/** Reads a request's options, of those that `known` names; changing them later changes nothing. */
export function written(given: RequestOptions, known: object = REQUEST_NAMES): Written {
  const options = knownOptions(given, known, invalidRequest)
  const { body, contentType } = content(options)
  const told = {
    path_params: options.pathParams === undefined ? undefined : pathParams(options.pathParams),
    query: options.query === undefined ? undefined : pairs('query', options.query),
    headers: options.headers && headerPairs(options.headers),
    content_type: contentType,
    organization: options.organizationId,
    request_id: options.requestId,
    timeout: options.timeout === undefined ? undefined : seconds('timeout', options.timeout),
    deadline: options.deadline === undefined ? undefined : seconds('deadline', options.deadline),
    max_retries: options.maxRetries === undefined ? undefined : finite('maxRetries', options.maxRetries),
    max_retry_wait: options.maxRetryWait === undefined ? undefined : seconds('maxRetryWait', options.maxRetryWait),
    idempotent: options.idempotent,
    idempotency_key: options.idempotencyKey,
  }
  return { told, body, signal: signalOf(options.signal) }
}

/**
 * What one sending tells the core; `page` is the page of a list that it asks for, 0 for the first, and
 * `within` the question that the caller is answering.
 */
export function sendingJSON(told: object, page: number | undefined, within: number | undefined): string {
  const json = jsonText('the options', { ...told, page, within }, invalidRequest)
  return json === '{}' ? '' : json
}

function content(options: RequestOptions): { body: string | Uint8Array; contentType?: string | undefined } {
  const { json, body, form, contentType } = options
  const given = Object.entries({ json, body, form }).filter(([, value]) => value !== undefined)
  if (given.length > 1) throw invalidRequest(`${given.map(([name]) => name).join(' and ')} are given: give one`)
  if (json !== undefined)
    return { body: jsonText('json', json, invalidRequest), contentType: contentType ?? 'application/json' }
  if (form !== undefined) {
    const text = new URLSearchParams(pairs('form', form)).toString()
    return { body: text, contentType: contentType ?? 'application/x-www-form-urlencoded' }
  }
  if (body !== undefined && typeof body !== 'string' && !types.isUint8Array(body)) {
    throw invalidRequest('body must be a string or a Uint8Array; json sends objects')
  }
  if (typeof body === 'string') checkText('body', body, invalidRequest)
  return { body: body ?? '', contentType }
}

function pairs(option: string, values: Values): [string, string][] {
  const given = values instanceof URLSearchParams ? values : byName(option, values)
  const pairs: [string, string][] = []
  for (const [name, value] of given) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) pairs.push([name, plain(option, name, one)])
    }
  }
  return pairs
}

function pathParams(values: NonNullable<RequestOptions['pathParams']>): [string, string][] {
  return byName('pathParams', values).map(([name, value]) => [name, plain('pathParams', name, value)])
}

function byName(option: string, values: object): [string, unknown][] {
  if (typeof values === 'object' && values !== null && !(Symbol.iterator in values)) return Object.entries(values)
  throw invalidRequest(`${option} must be an object of values by name`)
}

function plain(option: string, name: string, value: unknown): string {
  const isPlain = ['string', 'boolean', 'bigint'].includes(typeof value) || Number.isFinite(value)
  if (!isPlain) throw invalidRequest(`${option}: \`${name}\` must be a text, a finite number or a boolean`)
  if (typeof value === 'string') checkText(`${option}: \`${name}\``, value, invalidRequest)
  return String(value)
}
