import { inspect, types } from 'node:util'

import { configError } from './errors.js'
import { native, translated } from './native.js'
import type { ProviderName } from './options.js'
import type { WebhookSchemeDocument } from './webhooks/scheme.js'

/**
 * An API of your own, as data: for a client's `provider`, and for webhooks if it has a `webhook`. Nothing changes it.
 * Two that say the same have the same JSON, and are deeply equal.
 *
 * ```ts
 * const parcels = new Provider({
 *   name: 'parcels',
 *   base_url: 'https://api.parcels.example/v3',
 *   credentials: ['api_key', 'password'],
 *   headers: { api_key: 'raw', organization: 'x-depot' },
 *   auth: { login: '/login', grant: { access_token: ['/session/token'] } },
 *   paging: { size_parameter: 'limit', has_next: ['/more'] },
 * })
 * const client = new Linktor({ apiKey: 'YOUR_API_KEY', provider: parcels })
 * parcels.document.paging.max_size // 100
 * ```
 */
export class Provider {
  /** All its fields, with the defaults of what it left out; frozen. */
  declare readonly document: CompleteProviderDocument

  /**
   * @param document its fields as plain data, in the names of its JSON; those that are `undefined` are left out
   * @throws {ConfigError} that names the field which is unknown, missing, not of its type, or contradicts another
   */
  constructor(document: ProviderDocument | Provider) {
    const given = document instanceof Provider ? document.document : document
    Object.defineProperty(this, 'document', { value: read(JSON.stringify(fields(given))), enumerable: true })
  }

  /**
   * Reads a provider from its JSON, as text or in UTF-8, or from what `JSON.parse` made of it.
   *
   * ```ts
   * const parcels = Provider.from(await readFile('parcels.json'))
   * ```
   *
   * @throws {ConfigError} as `new Provider`, and if it is no JSON
   */
  static from(document: string | Uint8Array | object): Provider {
    if (typeof document !== 'string' && !types.isUint8Array(document)) {
      return new Provider(document as ProviderDocument)
    }
    return new Provider(read(textOf(document)))
  }

  /**
   * A built-in family as data.
   *
   * ```ts
   * Provider.named('linkit').document.headers.organization // 'x-organization-id'
   * ```
   *
   * @throws {ConfigError} if there is no such family
   */
  static named(name: ProviderName): Provider {
    if (typeof name !== 'string') throw configError(`the name of a provider must be a text, and it is ${kindOf(name)}`)
    return new Provider(read(JSON.stringify(name)))
  }

  /**
   * What a client or a webhook's scheme is told of a provider: its name as it is, or a document that was checked.
   * @internal
   */
  static told(given: unknown): unknown {
    return typeof given === 'string' ? given : new Provider(given as ProviderDocument)
  }

  /** The family's name. */
  get name(): string {
    return this.document.name
  }

  /**
   * Another provider, that differs in some fields. Each is replaced as a whole; those that are `undefined` stay.
   *
   * ```ts
   * const v1 = Provider.named('api_v1')
   * const mine = v1.replace({ base_url: 'https://api.example.org/v1', paging: { ...v1.document.paging, max_size: 50 } })
   * ```
   *
   * @throws {ConfigError} as `new Provider`
   */
  replace(changes: Partial<ProviderDocument>): Provider {
    return new Provider({ ...this.document, ...fields(changes) })
  }

  /** What `JSON.stringify` writes: all its fields. Other languages read it too. */
  toJSON(): CompleteProviderDocument {
    return this.document
  }

  /** @internal */
  [inspect.custom](): string {
    return `Provider { name: ${inspect(this.name)} }`
  }
}

/**
 * A kind of credential, by the option that gives it: `api_key`: `apiKey`; `bearer`: `accessToken`; `password`: `email`
 * and `password`; `oauth`; `jwt`; `source`: `tokenSource`.
 */
export type CredentialKind = 'api_key' | 'bearer' | 'password' | 'oauth' | 'jwt' | 'source'

/** What a provider says: the fields of its JSON, the same in every language. */
export interface ProviderDocument {
  /** The family's name, in errors and in the token store: printable ASCII without spaces. */
  readonly name: string
  /** The kinds of credential that it knows. */
  readonly credentials: readonly CredentialKind[]
  /** Where the API is. Default: the user must say. */
  readonly base_url?: string | null
  /** The environment variables that are read for options left out. Default: none. */
  readonly environment?: ProviderEnvironment
  /** How a request is marked and signed. */
  readonly headers?: ProviderHeaders
  /** Which 401 is worth one renewal of a renewable token: of any code, or of one of these. Default: `never`. */
  readonly refreshable?: 'never' | 'always' | { readonly codes: readonly string[] }
  /** Where sessions come from. */
  readonly auth?: ProviderAuth
  /**
   * Requests that are not tried again though their method is: reads that write, writes that fail when done twice.
   * Default: none.
   */
  readonly unsafe_routes?: readonly ProviderRoute[]
  /** How requests are counted and limited. */
  readonly rate?: ProviderRate
  /** How lists are paged. */
  readonly paging?: ProviderPaging
  /** How a success carries its payload. */
  readonly envelope?: ProviderEnvelope
  /** Where an error's body says what. */
  readonly errors?: ProviderErrors
  /** How its webhook deliveries are signed. Default: it is not known, and there is nothing to verify. */
  readonly webhook?: WebhookSchemeDocument | null
}

/** A {@link ProviderDocument} with the defaults of what it left out; what has none is left out still. */
export interface CompleteProviderDocument extends Filled<ProviderDocument, 'environment' | 'refreshable'> {
  readonly headers: Filled<ProviderHeaders, 'api_key' | 'token' | 'fixed' | 'always_json'>
  readonly auth: Filled<ProviderAuth, 'grant'> & { readonly grant: Required<ProviderGrant> }
  readonly unsafe_routes: readonly ProviderRoute[]
  readonly rate: Required<ProviderRate>
  readonly paging: Required<ProviderPaging>
  readonly envelope: Required<ProviderEnvelope>
  readonly errors: Required<ProviderErrors>
}

/** Names of environment variables that are read for options left out. Without a name none is read. */
export interface ProviderEnvironment {
  /** That of the API key. */
  readonly api_key?: string
  /** That of the base URL. */
  readonly base_url?: string
  /** That of the organization. */
  readonly organization?: string
  /** That which allows plain http to hosts that are not loopback, if its value is `1`. */
  readonly allow_insecure_http?: string
}

/** The headers of every request that carries a credential. */
export interface ProviderHeaders {
  /** How an API key is written into `Authorization`: after `Bearer` (RFC 6750), or alone. Default: `bearer`. */
  readonly api_key?: 'bearer' | 'raw'
  /** How every other credential is. Default: `bearer`. */
  readonly token?: 'bearer' | 'raw'
  /** The header that names the organization. Default: none. */
  readonly organization?: string
  /** The header that carries the request id, both ways. Default: none. */
  readonly request_id?: string
  /** The header that carries the client's version. Default: none. */
  readonly client_version?: string
  /** Headers that are always the same, by name. Default: none. */
  readonly fixed?: Readonly<Record<string, string>>
  /** Whether requests without a body say `Content-Type: application/json` too. Default: `false`. */
  readonly always_json?: boolean
}

/** The endpoints that give and test credentials. Without them there are API keys and ready-made tokens only. */
export interface ProviderAuth {
  /** Takes `{"email", "password"}` by POST; a path under the base URL. Default: there is no login. */
  readonly login?: string
  /** Takes `{"refresh_token"}` by POST; a path under the base URL. Default: there is no refresh. */
  readonly refresh?: string
  /** The OAuth 2.0 endpoints. Default: there are none; `{}` is those of most. */
  readonly oauth?: ProviderOAuth
  /** The `iss` of tokens that the client mints. Default: the user must say. */
  readonly jwt_issuer?: string
  /** The call of `client.auth.test()`. Default: there is none. */
  readonly test?: ProviderTest
  /** Where an answer of these endpoints keeps what. */
  readonly grant?: ProviderGrant
}

/** The OAuth 2.0 endpoints (RFC 6749). The token endpoint takes JSON. */
export interface ProviderOAuth {
  /** What the paths are under. Default: the root of the base URL's host. */
  readonly url?: string
  /** Where a user agrees. Default: `/oauth/authorize`. */
  readonly authorize?: string
  /** Where codes and refresh tokens are exchanged. Default: `/oauth/token`. */
  readonly token?: string
}

/** A GET that succeeds if the credential is good, and answers 401 if it is not. */
export interface ProviderTest {
  /** The path under the base URL. */
  readonly path: string
  /** Query parameters, as names and values. Default: none. */
  readonly query?: readonly (readonly [name: string, value: string])[]
  /** JSON pointers to a boolean of the answer that says the same. Default: none. */
  readonly valid?: readonly string[]
}

/** JSON pointers (RFC 6901) into a token endpoint's answer; the first that finds something is taken. */
export interface ProviderGrant {
  /** The access token. Default: `/access_token`. */
  readonly access_token?: readonly string[]
  /** The refresh token. Default: `/refresh_token`. */
  readonly refresh_token?: readonly string[]
  /** Seconds that the access token lives. Default: `/expires_in`. */
  readonly expires_in?: readonly string[]
  /** When the access token ends: RFC 3339, or seconds since 1970. Default: `/expires_at`. */
  readonly expires_at?: readonly string[]
  /** The user's organization. Default: none. */
  readonly organization?: readonly string[]
  /** The user. Default: `/user`. */
  readonly user?: readonly string[]
}

/** Requests by method and path. */
export interface ProviderRoute {
  /** The path under the base URL. `*` stands for one segment, `**` at the end for one or more. */
  readonly path: string
  /** The method, in upper case. Default: every one. */
  readonly method?: string
}

/** How requests are counted, and what is published of their limits. */
export interface ProviderRate {
  /** The classes, of which the first that has the request takes it. Default: one class, `other`. */
  readonly classes?: readonly ProviderRateClass[]
  /** Published limits by the name of their tier, for the option `limits`. Default: none. */
  readonly tiers?: Readonly<Record<string, readonly ProviderLimit[]>>
  /**
   * The tier of a client that names none; `credential` is the one called as the credential's kind: `api_key`, `jwt`,
   * `anonymous`, and `oauth` for every other token. Default: `none`, so that it must, or give limits of its own.
   */
  readonly default_tier?: 'none' | 'credential' | { readonly named: string }
}

/** Requests that the server counts together. */
export interface ProviderRateClass {
  /** Its name; `other` is that of all requests that no class has. */
  readonly name: string
  /** Its requests. */
  readonly routes: readonly ProviderRoute[]
}

/** So many requests in a window of time. */
export interface ProviderLimit {
  /** How many requests, at least 1. */
  readonly limit: number
  /** In how many **seconds**: more than zero, and at most a year. */
  readonly window: number
  /** The class that it holds for. Default: all classes together. */
  readonly class?: string
}

/**
 * How lists are asked for by pages, and where an answer says that there are more. Places are JSON pointers (RFC 6901),
 * of which the first that finds something is taken. There is a next page if any of `has_next`, `pages` and `total` says
 * so, the page is not empty, and is the one that was asked for.
 */
export interface ProviderPaging {
  /** The query parameter that counts pages, from 1. Default: `page`. */
  readonly page_parameter?: string
  /** The query parameter for a page's size. Default: `per_page`. */
  readonly size_parameter?: string
  /** The largest size that is asked for. Default: 100. */
  readonly max_size?: number
  /** The list. Default: `/data`, or the whole body, which is the empty pointer. */
  readonly items?: readonly string[]
  /** The number of this page. Default: nowhere. */
  readonly current?: readonly string[]
  /** The size of a page. Default: nowhere. */
  readonly size?: readonly string[]
  /** A boolean: is there a next page? Default: nowhere. */
  readonly has_next?: readonly string[]
  /** The number of pages. Default: nowhere. */
  readonly pages?: readonly string[]
  /** The number of items in all pages. Default: nowhere. */
  readonly total?: readonly string[]
}

/**
 * How a success carries its payload. An object whose keys are all among `keys`, and that has `data` or a boolean
 * `success`, is an envelope around `data`.
 */
export interface ProviderEnvelope {
  /** The keys that an envelope may have. Default: there are no envelopes. */
  readonly keys?: readonly string[]
  /** Those of them that mark a list, so that `"data": null` beside one is an empty list. Default: none. */
  readonly list_keys?: readonly string[]
  /** Values of a text field `status` that mean failure, in lower case. Default: none. */
  readonly failed_status?: readonly string[]
}

/** JSON pointers (RFC 6901) into an error's body; the first that finds a text is taken. Default: nowhere. */
export interface ProviderErrors {
  /** The machine's word for it. */
  readonly code?: readonly string[]
  /** The sentence for people. */
  readonly message?: readonly string[]
  /** Any JSON besides. */
  readonly details?: readonly string[]
  /** Seconds to wait, on a 429. */
  readonly retry_after?: readonly string[]
}

type Filled<T, Names extends keyof T> = T & Required<Pick<T, Names>>

/** Deeper than any document is: what goes on within itself is refused too. */
const DEEPEST = 16

/** The whole document, as the core checked it, that nobody can change. */
function read(json: string): CompleteProviderDocument {
  const document = translated(() => native.provider(json))
  return JSON.parse(document, (_, value) => Object.freeze(value))
}

function textOf(document: string | Uint8Array): string {
  try {
    if (typeof document !== 'string') return new TextDecoder('utf-8', { fatal: true }).decode(document)
  } catch (error) {
    throw configError('a provider must be JSON in UTF-8', error)
  }
  if (!document.isWellFormed()) throw configError('a provider must be JSON, and this is a text that UTF-8 cannot write')
  return document
}

/** Fields that are told, as plain data. */
function fields(given: unknown): object {
  if (isPlain(given)) return plain(given, '', 0) as object
  throw configError(`a provider must be an object of its fields, and it is ${kindOf(given)}`)
}

/** What JSON says as it is; what it would leave out, or write as something else, is refused by its place. */
function plain(value: unknown, place: string, depth: number): unknown {
  if (value === null || typeof value === 'boolean' || Number.isFinite(value)) return value
  if (typeof value === 'string' && value.isWellFormed()) return value
  if (typeof value === 'string') throw configError(`${place} is a text that UTF-8 cannot write`)
  if (depth > DEEPEST) throw configError(`${place} is nested too deep, or within itself`)
  if (Array.isArray(value)) return Array.from(value, (one, at) => plain(one, `${place}[${at}]`, depth + 1))
  if (!isPlain(value)) throw configError(`${place} cannot be written as JSON: it is ${kindOf(value)}`)
  const given = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(
    given.map(([name, one]) => [name, plain(one, place ? `${place}.${name}` : name, depth + 1)]),
  )
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** What a value is, without showing it. */
function kindOf(value: unknown): string {
  if (value === undefined || value === null || Number.isNaN(value)) return String(value)
  if (typeof value === 'string') return 'a text'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object of a class' : `a ${typeof value}`
}
