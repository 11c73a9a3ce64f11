import { types } from 'node:util'

/** Whether what was thrown is an error, of this realm or of another: a test runner has one of its own. */
export function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || types.isNativeError(thrown)
}
