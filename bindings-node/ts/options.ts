import { type CredentialOptions, JWT, type JWTOptions, OAuth, type OAuthOptions } from './credentials.js'
import { configError } from './errors.js'
import { headerPairs, knownEntries, seconds } from './given.js'
import { jsonText } from './json.js'
import { CLIENT_NAMES, CREDENTIAL_NAMES } from './names.js'

/** The API families that are built in. */
export type ProviderName = 'linktor' | 'linkit' | 'libromi' | 'api_v1' | 'api_v2'

/** Headers by name, as pairs, or as the platform's own class. */
export type HeadersInput = Readonly<Record<string, string | undefined>> | Iterable<readonly [string, string]>

/** Everything that a client may be told. At most one credential. */
export interface LinktorOptions extends CredentialOptions {
  /** The API family, or a description of your own API. Default: `linktor`. */
  provider?: ProviderName | Readonly<Record<string, unknown>>
  /** Where the API is. Default: `<FAMILY>_BASE_URL` from the environment, else the family's own. */
  baseUrl?: string
  /** Where the OAuth endpoints are. Default: the family's own, unless `baseUrl` is yours. */
  authUrl?: string
  /**
   * The organization of all requests that name none. Default: `<FAMILY>_ORGANIZATION_ID`, else that of the first
   * login, else none.
   */
  organization?: string
  /** The path of a file that keeps the tokens of logins and OAuth, readable by its owner alone. Default: memory. */
  tokenStore?: string
  /** Milliseconds that one attempt may take. Default: 30,000. */
  timeout?: number
  /** Milliseconds that making a connection may take. Default: 10,000. */
  connectTimeout?: number
  /** Milliseconds that a whole call may take, waits and renewals included. Default: no limit. */
  deadline?: number
  /** How many attempts may be under way at once; the rest queue in order. Default: 128. */
  maxConnections?: number
  /** Headers for every request. */
  headers?: HeadersInput
  /** What families that ask for the client's version are told. Default: this SDK's. */
  clientVersion?: string
  /** A proxy for everything but loopback. Default: `HTTPS_PROXY` and its siblings, for https only. */
  proxy?: string
  /** Allows plain http to hosts that are not loopback. Default: `<FAMILY>_ALLOW_INSECURE_HTTP=1`. */
  allowInsecureHttp?: boolean
}

/** A client's options as the core reads them: JSON in its own names and units. */
export function clientOptions(options: LinktorOptions): string {
  return written(options, CLIENT_NAMES)
}

/** A handle's credential as the core reads it. */
export function credentialOptions(options: CredentialOptions): string {
  return written(options, CREDENTIAL_NAMES)
}

function written(options: object, names: Readonly<Record<string, string>>): string {
  const told = knownEntries(options, names, configError).filter(([, value]) => value !== undefined)
  const pairs = told.map(([name, value]) => [names[name], translate(name, value)])
  return jsonText('the options', Object.fromEntries(pairs), configError)
}

function translate(name: string, value: unknown): unknown {
  switch (name) {
    case 'timeout':
    case 'connectTimeout':
    case 'deadline':
      return seconds(name, value)
    case 'headers':
      return headerPairs(value)
    case 'oauth':
      return OAuth.told(value as OAuth | OAuthOptions)
    case 'jwt':
      return JWT.told(value as JWT | JWTOptions)
    case 'tokenSource':
      if (typeof value !== 'function') throw configError('tokenSource must be a function')
      return true
    default:
      return value
  }
}
