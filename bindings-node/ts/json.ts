import type { Refusal } from './errors.js'
import { inOwnNames } from './names.js'

/** A value as JSON; what JSON cannot say, and would leave out or write as null, is refused. */
export function jsonText(name: string, value: unknown, refuse: Refusal): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw refuse(`${name} cannot be written as JSON${unwritable(name, value)}`, error)
  }
  if (text === undefined) throw refuse(`${name} cannot be written as JSON: it is a ${typeof value}`)
  // JSON.stringify writes NaN and infinities as null, and half a surrogate pair as an escape: a second look is due.
  if (text.includes('null') || text.includes('\\ud')) checkParts(name, value, refuse)
  return text
}

/** A text that somebody else wrote, with U+FFFD for what no JSON reader takes; anything else as it is. */
export function wellFormed(text: unknown): unknown {
  return typeof text === 'string' ? text.toWellFormed() : text
}

/** Which field of a value cannot be written, if it is of one. */
function unwritable(name: string, value: unknown): string {
  try {
    const field = Object.keys(Object(value)).find((key) => !isWritable(Object(value), key))
    return field === undefined ? '' : `: ${quoted(name, field)}`
  } catch {
    return ''
  }
}

function isWritable(holder: Readonly<Record<string, unknown>>, key: string): boolean {
  try {
    JSON.stringify(holder[key])
    return true
  } catch {
    return false
  }
}

function checkParts(name: string, value: unknown, refuse: Refusal): void {
  let field = ''
  JSON.stringify(value, function (this: unknown, key: string, one: unknown) {
    if (this === value) field = key
    const fault = faultOf(name, one)
    if (fault) {
      const place = field === key ? quoted(name, field) : `${quoted(name, field)}: \`${key}\``
      throw refuse(`${name} cannot be written as JSON: ${key ? place : 'it'} is ${fault}`)
    }
    return one
  })
}

/** Why a part cannot be written. A server may take the escapes in `json`; the core takes none. */
function faultOf(name: string, part: unknown): string | undefined {
  if (typeof part === 'number' && !Number.isFinite(part)) return String(part)
  if (typeof part === 'string' && name !== 'json' && !part.isWellFormed()) return 'a text that UTF-8 cannot write'
  return undefined
}

/** A field as it is called here; those of `json` are the caller's own words. */
function quoted(name: string, field: string): string {
  return `\`${name === 'json' ? field : inOwnNames(field, false)}\``
}
