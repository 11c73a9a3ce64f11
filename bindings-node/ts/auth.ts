import { inspect } from 'node:util'

import { invalidRequest } from './errors.js'
import { knownOptions } from './given.js'
import type { AuthCall, Handle } from './handle.js'
import { wellFormed } from './json.js'
import { translated } from './native.js'
import { signalOf } from './signal.js'

/** What a call of the session may be told. */
export interface AuthOptions {
  /** Ends the call at once when it aborts; the call rejects with the signal's reason. */
  signal?: AbortSignal
}

const NAMES: { readonly [name in keyof AuthOptions]-?: true } = { signal: true }

/** What is known of a session. Printing it does not show the user, whom `JSON.stringify` writes. */
export interface Session {
  /** The user as the server describes them; `null` if it does not. */
  readonly user: unknown
  /** The organization that the login named; `null` if it named none. */
  readonly organization: string | null
  /** Milliseconds that the access token is still good for; `null` if unknown. */
  readonly expiresIn: number | null
}

/**
 * Whether a credential is good, and what the server says besides; `null` if it refused. Printing
 * it does not show `data`, which `JSON.stringify` writes.
 */
export type AuthTest<T = unknown> =
  | { readonly valid: true; readonly data: T }
  | { readonly valid: false; readonly data: null }

/** An {@link AuthorizationRequest} as JSON: the same in every language of this SDK. */
export interface AuthorizationRequestJSON {
  url: string
  state: string
  verifier: string
  redirect_uri: string
}

/**
 * A request for a user's consent: where to send the user, and what to keep until they come
 * back. `JSON.stringify` writes it whole, the verifier too, so that another process can take
 * it up: keep it where the user cannot read it, a server-side session or an encrypted cookie.
 * Printing it shows only where the user comes back to.
 */
export class AuthorizationRequest {
  readonly #json: AuthorizationRequestJSON

  /** @internal */
  constructor(json: AuthorizationRequestJSON) {
    this.#json = json
  }

  /** Where the user agrees. */
  get url(): string {
    return this.#json.url
  }

  /** What the user must bring back (RFC 6749, 10.12). */
  get state(): string {
    return this.#json.state
  }

  /** The PKCE code verifier (RFC 7636, 4.1). */
  get verifier(): string {
    return this.#json.verifier
  }

  /** Where the user comes back to. */
  get redirectUri(): string {
    return this.#json.redirect_uri
  }

  /** The whole, for {@link Auth.exchangeCode} in this process or another. */
  toJSON(): AuthorizationRequestJSON {
    return { ...this.#json }
  }

  /** @internal */
  [inspect.custom](): string {
    return `AuthorizationRequest { redirectUri: ${inspect(this.redirectUri)} }`
  }
}

/**
 * The session of a client. Requests log in and renew tokens by themselves: this is for those
 * who want to know before, to end it, or to ask a user for consent.
 */
export class Auth {
  readonly #handle: Handle

  /** @internal */
  constructor(handle: Handle) {
    this.#handle = handle
  }

  /**
   * Logs in now, also after a login that was refused. Rejects with an
   * {@link AuthenticationError} that has the server's code if it refuses, with a
   * {@link ConfigError} for a credential without a login, and with a {@link TokenStoreError}
   * if the store fails; where only the saving failed, calls go on with the tokens.
   */
  login(options?: AuthOptions): Promise<Session> {
    return this.#session({ call: 'login' }, options)
  }

  /**
   * Renews the token now, or joins a renewal that is under way, which goes on if the call is
   * aborted. Rejects with an {@link AuthenticationError} of code `session_expired` if the
   * session has ended, and else as {@link Auth.login} does.
   */
  refresh(options?: AuthOptions): Promise<Session> {
    return this.#session({ call: 'refresh' }, options)
  }

  /**
   * Asks the family's test endpoint whether the credential is good: `valid` is false on a 401,
   * and every other failure rejects.
   */
  async test<T = unknown>(options?: AuthOptions): Promise<AuthTest<T>> {
    return unprinted(await this.#call<AuthTest<T>>({ call: 'test' }, options), 'data')
  }

  /**
   * What is known of the session; `null` before its first token, and for a credential without
   * one. Sends nothing.
   */
  session(): Session | null {
    return session(JSON.parse(this.#handle.native.session()))
  }

  /** Forgets the access token, so that the next call renews it. The refresh token stays. */
  invalidate(): void {
    this.#handle.native.invalidate()
  }

  /**
   * Where to send a user for their consent, and what to keep until they come back: OAuth 2.0
   * with PKCE (RFC 7636, S256) and a fresh `state`. Sends nothing.
   *
   * ```ts
   * const request = client.auth.authorizeUrl(['read:users'], 'https://app.example.com/callback')
   * ```
   *
   * @throws {ConfigError} if the client's credential is not `oauth`
   * @throws {InvalidRequestError} if a scope or the URI cannot be one
   */
  authorizeUrl(scopes: readonly string[], redirectUri: string | URL): AuthorizationRequest {
    if (!Array.isArray(scopes) || scopes.some((scope) => typeof scope !== 'string')) {
      throw invalidRequest('scopes must be a list of texts')
    }
    if (typeof redirectUri !== 'string' && !(redirectUri instanceof URL)) {
      throw invalidRequest('redirectUri must be a text or a URL')
    }
    const json = translated(() => this.#handle.native.authorizeUrl(scopes, String(redirectUri)))
    return new AuthorizationRequest(JSON.parse(json))
  }

  /**
   * Exchanges the code that the user came back with for tokens, which calls use from here on.
   * `callback` is the URL that the user came to, or its path and query; `request` is what
   * {@link Auth.authorizeUrl} gave, or what `JSON.parse` made of it.
   *
   * A callback that does not answer `request`, or brings no code, rejects with an
   * {@link AuthenticationError} of code `state_mismatch`, `missing_code`, or the server's own
   * (`access_denied`); nothing is sent then. The exchange is never repeated.
   */
  exchangeCode(
    callback: string | URL,
    request: AuthorizationRequest | AuthorizationRequestJSON,
    options?: AuthOptions,
  ): Promise<Session> {
    return this.#session({ call: 'exchange_code', callback: wellFormed(callback), request }, options)
  }

  async #session(call: AuthCall, options?: AuthOptions): Promise<Session> {
    return session(await this.#call<SessionJSON>(call, options))
  }

  async #call<T>(call: AuthCall, options: AuthOptions = {}): Promise<T> {
    const { signal } = knownOptions(options, NAMES, invalidRequest)
    return await this.#handle.auth(call, signalOf(signal))
  }
}

interface SessionJSON {
  readonly user: unknown
  readonly organization: string | null
  readonly expires_in: number | null
}

function session(json: SessionJSON): Session
function session(json: SessionJSON | null): Session | null
function session(json: SessionJSON | null): Session | null {
  if (!json) return null
  const { user, organization, expires_in } = json
  const expiresIn = expires_in === null ? null : Math.floor(expires_in * 1000)
  return unprinted({ user, organization, expiresIn }, 'user')
}

/** Keeps one value out of what is printed, and so out of logs. */
function unprinted<T extends object>(value: T, hidden: keyof T): T {
  const { [hidden]: _, ...printed } = value
  return Object.defineProperty(value, inspect.custom, { value: () => printed })
}
