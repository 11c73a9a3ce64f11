/** Warns through the process, which writes it to stderr unless somebody listens to `warning`. */
export function warn(code: string, message: string, cause?: unknown): void {
  const detail = stackOf(cause)
  process.emitWarning(message, { type: 'LinktorWarning', code, ...(detail !== undefined && { detail }) })
}

/** Where an error comes from; whatever else is thrown may be odd enough to throw when it is looked at. */
export function stackOf(thrown: unknown): string | undefined {
  try {
    return thrown instanceof Error ? String(thrown.stack) : undefined
  } catch {
    return undefined
  }
}
