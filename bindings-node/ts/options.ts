import { configError } from './errors.js'
import type { TokenSource } from './source.js'

/** The API families that are built in. */
export type ProviderName = 'linktor' | 'linkit' | 'libromi' | 'api_v1' | 'api_v2'

/** Headers by name, as pairs, or as the platform's own class. */
export type HeadersInput = Readonly<Record<string, string | undefined>> | Iterable<readonly [string, string]>

/** Everything that a client may be told. At most one credential. */
export interface LinktorOptions {
  /** An API key. Default: the family's variable of the environment, `LINKTOR_API_KEY` for example. */
  apiKey?: string
  /** An access token that you have and the client does not renew. */
  accessToken?: string
  /** Gives access tokens on demand. */
  tokenSource?: TokenSource
  /** Sends no credential at all. Default: `false`. */
  anonymous?: boolean
  /** The API family, or a description of your own API. Default: `linktor`. */
  provider?: ProviderName | Readonly<Record<string, unknown>>
  /** Where the API is. Default: `<FAMILY>_BASE_URL` from the environment, else the family's own. */
  baseUrl?: string
  /** The organization of all requests that name none. Default: `<FAMILY>_ORGANIZATION_ID`, else none. */
  organization?: string
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

const NAMES: { readonly [name in keyof LinktorOptions]-?: string } = {
  accessToken: 'access_token',
  allowInsecureHttp: 'allow_insecure_http',
  anonymous: 'anonymous',
  apiKey: 'api_key',
  baseUrl: 'base_url',
  clientVersion: 'client_version',
  connectTimeout: 'connect_timeout',
  deadline: 'deadline',
  headers: 'headers',
  maxConnections: 'max_connections',
  organization: 'organization',
  provider: 'provider',
  proxy: 'proxy',
  timeout: 'timeout',
  tokenSource: 'token_source',
}

const SECRETS = new Set(['apiKey', 'apiToken', 'accessToken', 'tokenSource'])

/** A client's options as the core reads them: JSON in its own names and units. */
export function clientOptions(options: LinktorOptions): string {
  const told: Record<string, unknown> = {}
  for (const [name, value] of entries(options)) {
    if (!Object.hasOwn(NAMES, name)) throw configError(unknownOption(name, NAMES))
    if (value !== undefined) told[NAMES[name as keyof LinktorOptions]] = translate(name, value)
  }
  return JSON.stringify(told)
}

/** The names and values of options; a credential that was given, but is none, is refused. */
export function entries(options: unknown): [string, unknown][] {
  if (typeof options !== 'object' || options === null) {
    throw configError('the options must be an object, like { apiKey: … }')
  }
  const given = Object.entries(options)
  const empty = given.find(([name, value]) => SECRETS.has(name) && (value === undefined || value === null))
  if (empty) throw configError(`${empty[0]} is given, but ${empty[1]}: leave it out to have the environment read`)
  return given
}

/** Why an option is refused. */
export function unknownOption(name: string, known: object): string {
  return `unknown option \`${name}\`; there are ${Object.keys(known).join(', ')}`
}

/** Milliseconds as seconds. */
export function seconds(name: string, milliseconds: unknown): number {
  if (typeof milliseconds !== 'number' || !Number.isFinite(milliseconds)) {
    throw configError(`${name} must be a number of milliseconds`)
  }
  return milliseconds / 1000
}

/** Headers as pairs. */
export function headerPairs(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null) return headers
  if (Symbol.iterator in headers) return [...(headers as Iterable<unknown>)]
  return Object.entries(headers).filter(([, value]) => value !== undefined)
}

function translate(name: string, value: unknown): unknown {
  switch (name) {
    case 'timeout':
    case 'connectTimeout':
    case 'deadline':
      return seconds(name, value)
    case 'headers':
      return headerPairs(value)
    case 'tokenSource':
      if (typeof value !== 'function') throw configError('tokenSource must be a function')
      return true
    default:
      return value
  }
}
