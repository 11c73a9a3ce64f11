import { configError } from './errors.js'
import { knownEntries, seconds } from './given.js'
import { JWT_NAMES, OAUTH_NAMES } from './names.js'
import type { TokenSource } from './token_source.js'

/** What a client identifies itself with: one of these, `email` and `password` together. */
export interface CredentialOptions {
  /** An API key. Default: the family's variable of the environment, `LINKTOR_API_KEY` for example. */
  apiKey?: string
  /** An access token that you have and the client does not renew. */
  accessToken?: string
  /** The address to log in with, which the client does when it first needs a token. */
  email?: string
  /** The password that belongs to `email`. */
  password?: string
  /** An OAuth 2.0 client, and the tokens that it has. */
  oauth?: OAuth | OAuthOptions
  /** A secret shared with the server: the client signs tokens of its own. */
  jwt?: JWT | JWTOptions
  /** Gives access tokens on demand. */
  tokenSource?: TokenSource
  /** Sends no credential at all. Default: `false`. */
  anonymous?: boolean
}

/** What an {@link OAuth} credential is made of. */
export interface OAuthOptions {
  /** The client's id. */
  clientId: string
  /** The client's secret. */
  clientSecret: string
  /** The refresh token of a session that exists. Default: none; `auth.authorizeUrl()` begins one. */
  refreshToken?: string
  /** An access token to begin with, used until a 401 refuses it. Default: none. */
  accessToken?: string
  /**
   * Whose tokens these are, as the token store keeps them: a name that each user has alone.
   * Default: told from the refresh token; without that too, a token store is refused.
   */
  account?: string
}

/** What a {@link JWT} credential is made of. */
export interface JWTOptions {
  /** What tokens are signed with, by HS256. */
  secret: string
  /** Whom they speak for: the claim `sub`. */
  subject: string
  /** The claim `iss`. Default: the family's own. */
  issuer?: string
  /** Further claims, but for `sub`, `iss`, `iat` and `exp`. Default: none. */
  claims?: object
  /** Milliseconds that a token lives, at least a second. Default: an hour. */
  ttl?: number
}

/**
 * An OAuth 2.0 client, and the tokens that it has: a credential that is safe to print, since it
 * shows its `clientId` alone.
 */
export class OAuth {
  /** The client's id. */
  readonly clientId: string
  readonly #told: Readonly<Record<string, unknown>>

  /** @throws {ConfigError} that names an option which there is not, or is nothing */
  constructor(options: OAuthOptions) {
    this.#told = translated('oauth', options, OAUTH_NAMES)
    this.clientId = options.clientId
  }

  /**
   * As the core reads it.
   * @internal
   */
  static told(given: OAuth | OAuthOptions): unknown {
    return (given instanceof OAuth ? given : new OAuth(given)).#told
  }
}

/**
 * A secret that the client signs tokens of its own with: a credential that is safe to print,
 * since it shows its `subject` alone.
 */
export class JWT {
  /** Whom its tokens speak for. */
  readonly subject: string
  readonly #told: Readonly<Record<string, unknown>>

  /** @throws {ConfigError} that names an option which there is not, or is nothing */
  constructor(options: JWTOptions) {
    const { ttl, ...told } = translated('jwt', options, JWT_NAMES)
    this.#told = ttl === undefined ? told : { ...told, ttl: seconds('jwt.ttl', ttl) }
    this.subject = options.subject
  }

  /**
   * As the core reads it.
   * @internal
   */
  static told(given: JWT | JWTOptions): unknown {
    return (given instanceof JWT ? given : new JWT(given)).#told
  }
}

function translated(what: string, options: object, names: Readonly<Record<string, string>>): Record<string, unknown> {
  const given = knownEntries(options, names, (message) => configError(`${what}: ${message}`))
  return Object.fromEntries(given.map(([name, value]) => [names[name], value]))
}
