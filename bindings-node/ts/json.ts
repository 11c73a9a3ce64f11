import type { Refusal } from './errors.js'

/** A value as JSON; what JSON cannot say, and would leave out or write as null, is refused. */
export function jsonText(name: string, value: unknown, refuse: Refusal): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw refuse(`${name} cannot be written as JSON`, error)
  }
  if (text === undefined) throw refuse(`${name} cannot be written as JSON: it is a ${typeof value}`)
  // JSON.stringify writes NaN and infinities as null, so only there is a second look due.
  if (text.includes('null')) JSON.stringify(value, (key, one) => finite(name, key, one, refuse))
  return text
}

/** A text that somebody else wrote, with U+FFFD for what no JSON reader takes; anything else as it is. */
export function wellFormed(text: unknown): unknown {
  return typeof text === 'string' ? text.toWellFormed() : text
}

function finite(name: string, key: string, value: unknown, refuse: Refusal): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw refuse(`${name} cannot be written as JSON: ${key ? `\`${key}\`` : 'it'} is ${value}`)
  }
  return value
}
