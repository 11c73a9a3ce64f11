import { configError } from './errors.js'
import { finite, knownOptions, seconds } from './given.js'
import { milliseconds } from './time.js'

/** So many requests in a window of time. */
export interface Limit {
  /** How many requests, at least 1. */
  limit: number
  /** Milliseconds in which there may be so many, at most a year. */
  window: number
  /** The class that it holds for, by the family's name for it. Default: all classes together. */
  class?: string
}

/** What is known of one class of requests; a field is absent where the server has not said. */
export interface RateLimit {
  /** The class, by the family's name for it; `other` where no rule names one. */
  readonly class: string
  /** How many requests a window allows. */
  readonly limit?: number
  /** How many of them are left. */
  readonly remaining?: number
  /** Milliseconds until the window ends: from the answer on for a response's, from now on for a client's. */
  readonly reset?: number
}

const NAMES: { readonly [name in keyof Limit]-?: true } = { class: true, limit: true, window: true }

/** The option `limits` as the core reads it. */
export function limitsTold(limits: unknown): unknown {
  if (typeof limits === 'string') return limits
  if (!Array.isArray(limits)) throw configError("limits must be a tier's name, or a list of limits")
  return limits.map((limit) => {
    if (typeof limit !== 'object' || limit === null) return limit
    const given = knownOptions(limit, NAMES, (message) => configError(`limits: ${message}`))
    return {
      ...given,
      limit: finite('limits: limit', given.limit),
      window: seconds('limits: window', given.window),
    }
  })
}

/** What the core says of a rate limit: see `src/rate_limit.rs`. */
export function rateLimitFrom(line: string): RateLimit {
  const [name = '', ...numbers] = line.split(' ')
  const [limit, remaining, reset] = numbers.map((text) => (text ? Number(text) : undefined))
  return {
    class: name,
    ...(limit !== undefined && { limit }),
    ...(remaining !== undefined && { remaining }),
    ...(reset !== undefined && { reset: milliseconds(reset) }),
  }
}
