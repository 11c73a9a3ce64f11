/**
 * Warns through the process, which writes it to stderr unless somebody listens to `warning`. What a function of the
 * user's threw is the warning's `cause`.
 */
export function warn(code: string, message: string, ...causes: [cause?: unknown]): void {
  const [cause] = causes
  const warning = causes.length > 0 ? new Error(message, { cause }) : new Error(message)
  const detail = cause instanceof Error ? { detail: cause.stack } : {}
  process.emitWarning(Object.assign(warning, { name: 'LinktorWarning', code, ...detail }))
}
