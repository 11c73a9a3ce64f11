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

/** The names and values of options; a credential, or a part of one, that was given but is nothing is refused. */
export function entries(options: unknown, what = 'the options'): [string, unknown][] {
  if (typeof options !== 'object' || options === null) throw configError(`${what} must be an object of values by name`)
  const given = Object.entries(options)
  const empty = given.find(([name, value]) => NEVER_NOTHING.has(name) && (value === undefined || value === null))
  if (empty) throw configError(`${empty[0]} is given, but ${empty[1]}: leave it out if there is none`)
  return given
}

/** Refuses an option that there is not, and names those that there are. */
export function checkNames(names: readonly string[], known: object, refuse: Refusal): void {
  const unknown = names.find((name) => !Object.hasOwn(known, name))
  if (unknown !== undefined) {
    throw refuse(`unknown option \`${unknown}\`; there are ${Object.keys(known).join(', ')}`)
  }
}

/** Milliseconds as seconds. */
export function seconds(name: string, milliseconds: unknown): number {
  if (typeof milliseconds !== 'number' || !Number.isFinite(milliseconds)) {
    throw configError(`${name} must be a number of milliseconds`)
  }
  return milliseconds / 1000
}

/** Headers as pairs. */
export function headerPairs(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null) return headers
  if (Symbol.iterator in headers) return [...(headers as Iterable<unknown>)]
  return Object.entries(headers).filter(([, value]) => value !== undefined)
}
