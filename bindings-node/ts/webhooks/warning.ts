/**
 * Tells the process of an error that nobody awaits, which is the warning's `cause`.
 * @internal
 */
export function warn(code: string, message: string, cause: unknown): void {
  const detail = cause instanceof Error ? cause.stack : typeof cause
  process.emitWarning(Object.assign(new Error(message, { cause }), { name: 'LinktorWarning', code, detail }))
}
