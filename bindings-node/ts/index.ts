/**
 * The Linktor SDK for Node.js.
 *
 * @packageDocumentation
 */
export {
  Auth,
  type AuthOptions,
  AuthorizationRequest,
  type AuthorizationRequestJSON,
  type AuthTest,
  type Session,
} from './auth.js'
export { Linktor } from './client.js'
export { type CredentialOptions, JWT, type JWTOptions, OAuth, type OAuthOptions } from './credentials.js'
export {
  APIConnectionError,
  APIError,
  AuthenticationError,
  CallbackError,
  ClientClosedError,
  ConfigError,
  ConflictError,
  DecodeError,
  type ErrorKind,
  InvalidRequestError,
  LinktorError,
  NotFoundError,
  PermissionDeniedError,
  ProtocolError,
  QuotaExceededError,
  RateLimitError,
  RequestTimeoutError,
  ServerError,
  TokenStoreError,
  ValidationError,
  WebhookVerificationError,
} from './errors.js'
export type { CallEvent, Ended, EventListener, LinktorEvent, WaitReason } from './events.js'
export * as jwt from './jwt.js'
export type { Limit, RateLimit } from './limits.js'
export type { HeadersInput, LinktorOptions, ProviderName } from './options.js'
export { type Page, type PageOptions, Paginator } from './paginator.js'
export {
  APIClient,
  type APIClientOptions,
  type APITokenOption,
  LibromiConnect,
  type LibromiConnectOptions,
  Linkit,
  type PresetOptions,
} from './presets.js'
export {
  type CompleteProviderDocument,
  type CredentialKind,
  Provider,
  type ProviderAuth,
  type ProviderDocument,
  type ProviderEnvelope,
  type ProviderEnvironment,
  type ProviderErrors,
  type ProviderGrant,
  type ProviderHeaders,
  type ProviderLimit,
  type ProviderOAuth,
  type ProviderPaging,
  type ProviderRate,
  type ProviderRateClass,
  type ProviderRoute,
  type ProviderTest,
} from './provider.js'
export type { RequestOptions, Value, Values } from './request.js'
export { LinktorResponse } from './response.js'
export type { CallContext, Token, TokenSource } from './token_source.js'
export type { TokenStore, Unlock } from './token_store.js'
export type { Fetch, FetchInit, FetchResponse } from './transport.js'
export * as webhooks from './webhooks.js'
export {
  Receiver,
  type ReceiverOptions,
  Verifier,
  type VerifierOptions,
  type WebhookBody,
  WebhookEvent,
  type WebhookEventType,
  type WebhookHeaders,
  type WebhookScheme,
  type WebhookSchemeDocument,
  type WebhookSchemeName,
  type WebhookSecret,
  type WebhookSignOptions,
} from './webhooks.js'
