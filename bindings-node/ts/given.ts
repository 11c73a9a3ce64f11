import { types } from 'node:util'

import { configError, type Refusal } from './errors.js'

/** Options that are never nothing by intention: a variable that was not set, most often. */
const NEVER_NOTHING = new Set([
  'accessToken',
  'account',
  'apiKey',
  'apiToken',
  'clientId',
  'clientSecret',
  'email',
  'jwt',
  'oauth',
  'password',
  'refreshToken',
  'secret',
  'subject',
  'tokenSource',
])

/** Options that may be left undefined, but whose `null` the core would take for that. */
const NEVER_NULL = new Set([
  'class',
  'id',
  'idempotencyKey',
  'idempotent',
  'issuer',
  'organization',
  'organizationId',
  'pacing',
  'proxy',
])

/** Options that are functions: any other would be left out of the JSON that the core reads. */
const CALLED = new Set(['deduplicator', 'fetch', 'onEvent', 'tokenSource', 'tokenStore'])

/** The names and values of options; one that was given but is nothing is refused where it is never so by intention. */
export function entries(options: unknown, refuse: Refusal = configError): [string, unknown][] {
  if (typeof options !== 'object' || options === null || Symbol.iterator in options) {
    throw refuse('the options must be an object of values by name')
  }
  const given = Object.entries(options)
  const empty = given.find(
    ([name, value]) =>
      (NEVER_NOTHING.has(name) && (value === undefined || value === null)) || (NEVER_NULL.has(name) && value === null),
  )
  if (empty) throw refuse(`${empty[0]} is given, but ${empty[1]}: leave it out if there is none`)
  return given
}

/** The same; an option that there is not is refused, and those that there are named. */
export function knownEntries(options: unknown, known: object, refuse: Refusal): [string, unknown][] {
  const given = entries(options, refuse)
  const unknown = given.find(([name]) => !Object.hasOwn(known, name))
  if (unknown) throw refuse(`unknown option \`${unknown[0]}\`; there are ${Object.keys(known).join(', ')}`)
  for (const [name, value] of given) {
    if (typeof value === 'symbol' || (typeof value === 'function' && !CALLED.has(name))) {
      throw refuse(`${name} cannot be a ${typeof value}`)
    }
  }
  return given
}

/** The same by their names; what only a prototype has is no option. */
export function knownOptions<T extends object>(options: T, known: object, refuse: Refusal): T {
  return Object.assign(Object.create(null), Object.fromEntries(knownEntries(options, known, refuse)))
}

/** Refuses a text with half a surrogate pair, which would be sent as another. */
export function checkText(name: string, text: string, refuse: Refusal): void {
  if (!text.isWellFormed()) throw refuse(`${name} is a text that UTF-8 cannot write`)
}

/** A number that JSON can say; whether it will do is for the core to judge. */
export function finite(name: string, value: unknown, what = 'a number'): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw configError(`${name} must be ${what}`)
  return value
}

/** Milliseconds as seconds. */
export function seconds(name: string, milliseconds: unknown): number {
  return finite(name, milliseconds, 'a number of milliseconds') / 1000
}

/** A time as epoch seconds. */
export function epochSeconds(name: string, time: Date | number): number {
  const epoch = types.isDate(time) ? time.getTime() : time
  if (!Number.isFinite(epoch)) throw configError(`${name} must be a valid date, or epoch milliseconds`)
  return epoch / 1000
}

/** Headers as pairs that are nobody else's. */
export function headerPairs(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null) return headers
  if (Symbol.iterator in headers) {
    return Array.from(headers as Iterable<unknown>, (pair) => (Array.isArray(pair) ? [...pair] : pair))
  }
  return Object.entries(headers).filter(([, value]) => value !== undefined)
}
