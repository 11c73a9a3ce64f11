import { isError } from './thrown.js'

/**
 * Warns through the process, which writes it to stderr unless somebody listens to `warning`. What a function of the
 * user's threw is the warning's `cause`.
 */
export function warn(code: string, message: string, ...causes: [cause?: unknown]): void {
  const [cause] = causes
  const warning = causes.length > 0 ? new Error(message, { cause }) : new Error(message)
  const detail = stackOf(cause)
  process.emitWarning(Object.assign(warning, { name: 'LinktorWarning', code, ...(detail !== undefined && { detail }) }))
}

/** Where an error comes from; whatever else is thrown may be odd enough to throw when it is looked at. */
export function stackOf(thrown: unknown): string | undefined {
  try {
    return isError(thrown) ? String(thrown.stack) : undefined
  } catch {
    return undefined
  }
}
