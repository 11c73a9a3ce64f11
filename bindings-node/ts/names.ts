import type { CredentialOptions, JWTOptions, OAuthOptions } from './credentials.js'
import type { SignOptions } from './jwt.js'
import type { LinktorOptions } from './options.js'
import type { RequestOptions } from './request.js'
import type { DeduplicatorOptions } from './webhooks/deduplicator.js'
import type { WebhookSignOptions } from './webhooks/sign.js'
import type { VerifierOptions } from './webhooks/verifier.js'

/** What the core calls each option. */
export type CoreNames<T> = { readonly [name in keyof T]-?: string }

export const CREDENTIAL_NAMES: CoreNames<CredentialOptions> = {
  accessToken: 'access_token',
  anonymous: 'anonymous',
  apiKey: 'api_key',
  email: 'email',
  jwt: 'jwt',
  oauth: 'oauth',
  password: 'password',
  tokenSource: 'token_source',
}

export const CLIENT_NAMES: CoreNames<LinktorOptions> = {
  ...CREDENTIAL_NAMES,
  allowInsecureHttp: 'allow_insecure_http',
  authUrl: 'auth_url',
  baseUrl: 'base_url',
  clientVersion: 'client_version',
  connectTimeout: 'connect_timeout',
  deadline: 'deadline',
  fetch: 'transport',
  headers: 'headers',
  limits: 'limits',
  maxConnections: 'max_connections',
  maxRetries: 'max_retries',
  maxRetryWait: 'max_retry_wait',
  onEvent: 'on_event',
  organization: 'organization',
  pacing: 'pacing',
  provider: 'provider',
  proxy: 'proxy',
  retryBudget: 'retry_budget',
  rootCertificates: 'root_certificates',
  timeout: 'timeout',
  tokenStore: 'token_store',
}

export const OAUTH_NAMES: CoreNames<OAuthOptions> = {
  accessToken: 'access_token',
  account: 'account',
  clientId: 'client_id',
  clientSecret: 'client_secret',
  refreshToken: 'refresh_token',
}

export const JWT_NAMES: CoreNames<JWTOptions> = {
  claims: 'claims',
  issuer: 'issuer',
  secret: 'secret',
  subject: 'subject',
  ttl: 'ttl',
}

export const REQUEST_NAMES: CoreNames<RequestOptions> = {
  body: 'body',
  contentType: 'content_type',
  deadline: 'deadline',
  form: 'form',
  headers: 'headers',
  idempotencyKey: 'idempotency_key',
  idempotent: 'idempotent',
  json: 'json',
  maxRetries: 'max_retries',
  maxRetryWait: 'max_retry_wait',
  organizationId: 'organization',
  pathParams: 'path_params',
  query: 'query',
  requestId: 'request_id',
  signal: 'signal',
  timeout: 'timeout',
}

export const SIGN_NAMES: CoreNames<SignOptions> = { expiresIn: 'expires_in', issuer: 'issuer', now: 'now' }

export const VERIFIER_NAMES: CoreNames<VerifierOptions> = {
  now: 'now',
  sizeLimit: 'size_limit',
  tolerance: 'tolerance',
}

export const WEBHOOK_SIGN_NAMES: CoreNames<WebhookSignOptions> = { id: 'id', timestamp: 'timestamp' }

export const DEDUPLICATOR_NAMES: CoreNames<DeduplicatorOptions> = { capacity: 'capacity' }

/** What is no option: methods and an argument of the session. */
const AUTH_NAMES = { authorizeUrl: 'authorize_url', exchangeCode: 'exchange_code', redirectUri: 'redirect_uri' }

// The client's own last: an organization is so called of a client, but not of a call.
const TABLES = [AUTH_NAMES, OAUTH_NAMES, REQUEST_NAMES, SIGN_NAMES, VERIFIER_NAMES, CLIENT_NAMES]
const OWN_NAMES = new Map(TABLES.flatMap(Object.entries<string>).map(([own, core]) => [core, own]))
for (const [own, core] of Object.entries(OAUTH_NAMES)) OWN_NAMES.set(`oauth.${core}`, `oauth.${own}`)
const OWN_NAMES_OF_A_CALL = new Map([...OWN_NAMES, ['organization', 'organizationId']])

// Left as they are: what stands in backticks, but for options whose value is refused, and the
// fields of a provider's description (`auth.grant.access_token`, and the place that cannot be read).
// They are the user's own words.
const WORDS = /(?<!the value of )`[^`]*`|\bthe provider cannot be read: \w+|\b(?:\w+\.)*\w+/g

/** A message of the core with options, of a call or else of a client, called as they are here. */
export function inOwnNames(message: string, isOfACall: boolean): string {
  const names = isOfACall ? OWN_NAMES_OF_A_CALL : OWN_NAMES
  return message.replace(WORDS, (word) => names.get(word) ?? word)
}
