/** An access token and, where it is known, how long it lives from now on. */
export interface Token {
  readonly token: string
  /** Milliseconds. Without it, the token is used until the server refuses it. */
  readonly expiresIn?: number
}

/** What functions of your own are called with, last of all. */
export interface CallContext {
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/**
 * Gives access tokens on demand: when there is none, when the last one has expired, and
 * once after a 401 that says so. One call at a time, bounded by the client's `timeout`.
 * What it throws is the `cause` of a `CallbackError`. It must not use the client that it
 * gives tokens to.
 */
export type TokenSource = (context: CallContext) => string | Token | PromiseLike<string | Token>

/**
 * What a token source gave as the core reads it, which judges it too.
 * @internal
 */
export function tokenTold(given: unknown): string {
  const isToken = typeof given === 'object' && given !== null
  const { token, expiresIn } = (isToken ? given : { token: given }) as Partial<Token>
  // Without the value, which may be a token.
  if (typeof token !== 'string') {
    throw new TypeError('tokenSource must give the token as a text, or as { token, expiresIn }')
  }
  if (expiresIn === undefined || expiresIn === null) return JSON.stringify(token)
  if (typeof expiresIn !== 'number' || !(expiresIn >= 0)) {
    throw new TypeError('expiresIn of tokenSource must be a number of milliseconds, not below zero')
  }
  return JSON.stringify({ token, expires_in: Math.min(expiresIn / 1000, Number.MAX_SAFE_INTEGER) })
}
