import { configError, invalidRequest } from './errors.js'
import { epochSeconds, knownOptions, seconds } from './given.js'
import { jsonText, wellFormed } from './json.js'
import { SIGN_NAMES } from './names.js'
import { native, translated } from './native.js'

/** Claims of a token: those that RFC 7519 names, and any others. */
export interface Claims {
  readonly iss?: string
  readonly sub?: string
  readonly aud?: string | string[]
  /** Epoch seconds. */
  readonly exp?: number
  /** Epoch seconds. */
  readonly nbf?: number
  /** Epoch seconds. */
  readonly iat?: number
  readonly jti?: string
  readonly [name: string]: unknown
}

/** What {@link sign} adds to the claims. */
export interface SignOptions {
  /** Milliseconds that the token lives, at least a second. Default: the claim `exp`, else an hour. */
  expiresIn?: number
  /** The claim `iss`. Default: none is added. */
  issuer?: string
  /** The time to sign at, as a date or epoch milliseconds. Default: now. */
  now?: Date | number
}

/** What {@link verify} asks of a token besides its signature. */
export interface VerifyOptions {
  /** What the claim `iss` must be. Default: anything. */
  issuer?: string
  /** Milliseconds that clocks may differ by when `exp` and `nbf` are compared. Default: 0. */
  leeway?: number
  /** The time to verify at, as a date or epoch milliseconds. Default: now. */
  now?: Date | number
}

const VERIFY_NAMES: { readonly [name in keyof VerifyOptions]-?: true } = { issuer: true, leeway: true, now: true }

/**
 * Signs claims with HS256. `iat` is added unless it is there, `exp` and `iss` as the options say.
 *
 * @throws {InvalidRequestError} if the claims are no JSON object, or say `exp` or `iss` a second time
 * @throws {ConfigError} if the secret is empty, or an option is not what it should be
 */
export function sign(claims: object, secret: string, options: SignOptions = {}): string {
  const { expiresIn, issuer, now } = knownOptions(options, SIGN_NAMES, configError)
  const told = {
    claims,
    secret,
    expires_in: expiresIn === undefined ? undefined : seconds('expiresIn', expiresIn),
    issuer,
    now: now === undefined ? undefined : epochSeconds('now', now),
  }
  if (Symbol.iterator in Object(claims)) throw invalidRequest('the claims must be a JSON object')
  const json = jsonText('the claims', told, invalidRequest)
  return translated(() => native.jwtSign(json))
}

/**
 * The claims of a token that is signed with HS256 and this secret, is not expired, and comes
 * from the issuer. `none` and every other algorithm are refused.
 *
 * @throws {AuthenticationError} of code `token_malformed`, `algorithm_refused`,
 * `signature_mismatch`, `token_expired`, `token_not_yet_valid` or `issuer_mismatch`
 * @throws {ConfigError} if the secret is empty, or an option is not what it should be
 */
export function verify<T extends object = Claims>(token: string, secret: string, options: VerifyOptions = {}): T {
  const { issuer, leeway, now } = knownOptions(options, VERIFY_NAMES, configError)
  const told = {
    token: wellFormed(token),
    secret,
    issuer,
    leeway: leeway === undefined ? undefined : seconds('leeway', leeway),
    now: now === undefined ? undefined : epochSeconds('now', now),
  }
  const json = jsonText('the arguments', told, configError)
  return JSON.parse(translated(() => native.jwtVerify(json)))
}
