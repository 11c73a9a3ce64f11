/** Warns through the process, which writes it to stderr unless somebody listens to `warning`. */
export function warn(code: string, message: string, cause?: unknown): void {
  const detail = cause instanceof Error ? cause.stack : undefined
  process.emitWarning(message, { type: 'LinktorWarning', code, ...(detail !== undefined && { detail }) })
}
