import type { WebhookEvent } from './webhooks/event.js'
import type { WebhookBody, WebhookHeaders, WebhookSecret } from './webhooks/received.js'
import type { WebhookScheme } from './webhooks/scheme.js'
import { Verifier, type VerifierOptions } from './webhooks/verifier.js'

export { type Begun, Deduplicator, type DeduplicatorOptions } from './webhooks/deduplicator.js'
export type { AnyDeduplicator, Returned, WebhookAnswer } from './webhooks/delivery.js'
export { EVENT_TYPES, WebhookEvent, type WebhookEventType } from './webhooks/event.js'
export type { NodeHandler, NodeRequest, NodeResponse } from './webhooks/express.js'
export type { FastifyLike, FastifyPlugin, FastifyReplyLike, FastifyRequestLike } from './webhooks/fastify.js'
export type { FetchHandler } from './webhooks/fetch.js'
export type { LambdaEvent, LambdaHandler, LambdaResponse, LambdaResult } from './webhooks/lambda.js'
export type { WebhookBody, WebhookHeaders, WebhookSecret } from './webhooks/received.js'
export { type DeduplicatorOption, Receiver, type ReceiverOptions } from './webhooks/receiver.js'
export type {
  HmacSignature,
  StandardWebhooksSignature,
  WebhookEventPlaces,
  WebhookProviderDocument,
  WebhookScheme,
  WebhookSchemeDocument,
  WebhookSchemeName,
} from './webhooks/scheme.js'
export { sign, type WebhookSignOptions } from './webhooks/sign.js'
export { Verifier, type VerifierOptions } from './webhooks/verifier.js'

/**
 * The event of a delivery: `new Verifier(scheme, secret, options)` and {@link Verifier.verify} in one.
 *
 * ```ts
 * const event = webhooks.verify('linktor', await request.arrayBuffer(), request.headers, secret)
 * ```
 *
 * @throws {WebhookVerificationError} if it is not what the sender signed, or not of now: its `code` says why
 * @throws {ConfigError} as `new Verifier`
 * @throws {InvalidRequestError} if the body is no bytes or text, or the headers are none
 */
export function verify(
  scheme: WebhookScheme,
  body: WebhookBody,
  headers: WebhookHeaders,
  secret: WebhookSecret,
  options: VerifierOptions = {},
): WebhookEvent {
  return once(new Verifier(scheme, secret, options), (verifier) => verifier.verify(body, headers))
}

/**
 * The same without an event: returns if the delivery is what the sender signed, and of now. Throws as {@link verify}.
 *
 * ```ts
 * webhooks.verifySignature('x_hub_signature_256', body, headers, secret, { sizeLimit: 65_536 })
 * ```
 */
export function verifySignature(
  scheme: WebhookScheme,
  body: WebhookBody,
  headers: WebhookHeaders,
  secret: WebhookSecret,
  options: VerifierOptions = {},
): void {
  once(new Verifier(scheme, secret, options), (verifier) => verifier.verifySignature(body, headers))
}

function once<T>(verifier: Verifier, use: (verifier: Verifier) => T): T {
  try {
    return use(verifier)
  } finally {
    verifier.letGo()
  }
}
