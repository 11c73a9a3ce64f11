import { types } from 'node:util'

import { type CredentialOptions, JWT, type JWTOptions, OAuth, type OAuthOptions } from './credentials.js'
import { configError } from './errors.js'
import type { EventListener } from './events.js'
import { finite, headerPairs, knownEntries, seconds } from './given.js'
import { jsonText } from './json.js'
import { type Limit, limitsTold } from './limits.js'
import { CLIENT_NAMES, CREDENTIAL_NAMES } from './names.js'
import { Provider, type ProviderDocument } from './provider.js'
import { checkTokenStore, type TokenStore } from './token_store.js'
import type { Fetch } from './transport.js'

/** The API families that are built in. */
export type ProviderName = 'linktor' | 'linkit' | 'libromi' | 'api_v1' | 'api_v2'

/** Headers by name, as pairs, or as the platform's own class. */
export type HeadersInput = Readonly<Record<string, string | undefined>> | Iterable<readonly [string, string]>

/** Everything that a client may be told. At most one credential. */
export interface LinktorOptions extends CredentialOptions {
  /** The API family, or a description of your own API. Default: `linktor`. */
  provider?: ProviderName | Provider | ProviderDocument | undefined
  /** Where the API is. Default: `<FAMILY>_BASE_URL` from the environment, else the family's own. */
  baseUrl?: string | undefined
  /** Where the OAuth endpoints are. Default: the family's own, unless `baseUrl` is yours. */
  authUrl?: string | undefined
  /**
   * The organization of all requests that name none. Default: `<FAMILY>_ORGANIZATION_ID`, else that of the first
   * login, else none.
   */
  organization?: string | undefined
  /**
   * What keeps the tokens of logins and OAuth: the path of a file, readable by its owner alone (on Windows,
   * by whom its folder allows), or a store of your own. Default: memory.
   */
  tokenStore?: string | TokenStore | undefined
  /** Milliseconds that one attempt may take. Default: 30,000. */
  timeout?: number | undefined
  /** Milliseconds that making a connection may take. Default: 10,000. */
  connectTimeout?: number | undefined
  /** Milliseconds that a whole call may take, waits and renewals included. Default: no limit. */
  deadline?: number | undefined
  /**
   * How often a call is tried again at most. Default: 3, so that there are at most 4 attempts; 0 sends every request
   * exactly once. GET, HEAD, OPTIONS, PUT and DELETE are tried again after a failed connection, a timeout, and a 408,
   * 429, 500, 502, 503 or 504; POST and PATCH only where the server cannot have acted, unless the request says that it
   * is `idempotent`.
   */
  maxRetries?: number | undefined
  /**
   * Milliseconds that a server's hint or the queue for a rate limit may ask to wait at most; may be 0. Default: 60,000.
   * What asks for longer is an error at once, whose `retryAfter` says for how long, in seconds. A wait without a hint
   * is no longer either.
   */
  maxRetryWait?: number | undefined
  /**
   * How many tokens there are for trying again: a retry costs 14, but for one after a 429 that said when to come; a
   * success gives back 1, or what its retry cost. When they are used up nothing is tried again, so that an outage is
   * not multiplied. Default: 500, shared by all handles.
   */
  retryBudget?: number | undefined
  /**
   * Whether requests wait for a rate limit before they meet it. `reactive` obeys what the server has said: where it
   * named no room until its reset, requests queue for it, and after a 429 all wait for its hint. `proactive` besides
   * never sends more than `limits` in any window, so that a process that is alone with its credential meets no 429.
   * `off` sends at once, and each call waits for its own 429s. Default: `reactive`.
   */
  pacing?: 'reactive' | 'proactive' | 'off' | undefined
  /**
   * What `proactive` pacing keeps to, and nothing else does: a tier that the family publishes, by name, or limits of
   * your own, all of which hold at once. Tiers: `published` of linktor; `free` and `paid` of libromi; `free`, `pro` and
   * `enterprise` of api_v1; `api_key`, `oauth`, `jwt` and `anonymous` of api_v2; none of linkit. Default: the first of
   * them, for api_v2 that of the credential.
   */
  limits?: string | readonly Limit[] | undefined
  /** How many attempts may be under way at once; the rest queue in order. Default: 128. */
  maxConnections?: number | undefined
  /** Headers for every request. */
  headers?: HeadersInput | undefined
  /** What families that ask for the client's version are told. Default: this SDK's. */
  clientVersion?: string | undefined
  /** A proxy for everything but loopback. Default: `HTTPS_PROXY` and its siblings, for https only. */
  proxy?: string | undefined
  /**
   * Certificates in PEM, as text or as the bytes of a file, that are trusted besides the machine's own: those of a
   * company's proxy, for example. Default: none.
   */
  rootCertificates?: string | Uint8Array | undefined
  /**
   * Sends requests in place of the client's own transport, which is faster: what mocks and recorders hang on. A request
   * through it takes the whole pipeline; only the sending is yours. Connections, `connectTimeout`, `proxy` and
   * `rootCertificates` are yours too. Default: none.
   */
  fetch?: Fetch | undefined
  /** Hears of every call, attempt, wait and renewal. Default: none; what is in danger is a warning of the process. */
  onEvent?: EventListener | undefined
  /** Allows plain http to hosts that are not loopback. Default: `<FAMILY>_ALLOW_INSECURE_HTTP=1`. */
  allowInsecureHttp?: boolean | undefined
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
    case 'maxRetryWait':
      return seconds(name, value)
    case 'maxConnections':
    case 'maxRetries':
    case 'retryBudget':
      return finite(name, value)
    case 'limits':
      return limitsTold(value)
    case 'headers':
      return headerPairs(value)
    case 'oauth':
      return OAuth.told(value as OAuth | OAuthOptions)
    case 'jwt':
      return JWT.told(value as JWT | JWTOptions)
    case 'provider':
      return Provider.told(value)
    case 'rootCertificates':
      return types.isUint8Array(value) ? Buffer.from(value).toString() : value
    case 'tokenStore':
      if (typeof value === 'string' || value === null) return value
      checkTokenStore(value)
      return true
    case 'tokenSource':
    case 'fetch':
    case 'onEvent':
      if (typeof value !== 'function') throw configError(`${name} must be a function`)
      return name === 'onEvent' ? undefined : true
    default:
      return value
  }
}
