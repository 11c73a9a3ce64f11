/**
 * The Linktor SDK for Node.js.
 *
 * @packageDocumentation
 */
export { Linktor } from './client.js'
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
  ValidationError,
} from './errors.js'
export type { HeadersInput, LinktorOptions, ProviderName } from './options.js'
export {
  APIClient,
  type APIClientOptions,
  LibromiConnect,
  type LibromiConnectOptions,
  Linkit,
  type PresetOptions,
} from './presets.js'
export type { RequestOptions, Value, Values } from './request.js'
export { LinktorResponse } from './response.js'
export type { Token, TokenSource, TokenSourceContext } from './source.js'
