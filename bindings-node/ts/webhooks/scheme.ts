import type { Provider, ProviderDocument } from '../provider.js'

/**
 * The schemes that have a name.
 *
 * | name | header | signs |
 * | --- | --- | --- |
 * | `linktor` | `X-Linktor-Signature`, hex, bare or after `sha256=` | `<X-Linktor-Timestamp>.<body>`: resists replay |
 * | `linktor_body` | `X-Linktor-Signature`, bare hex | the body alone: what was captured can be sent again |
 * | `libromi` | `x-libromi-signature`, bare hex | the body |
 * | `api_v1` | `X-Webhook-Signature`, hex after `sha256=` | the body |
 * | `api_v2` | `x-webhook-signature`, bare hex | the body |
 * | `standard_webhooks` | `webhook-signature`, `v1` | `<webhook-id>.<webhook-timestamp>.<body>`; a secret, `whsec_…` |
 * | `standard_webhooks_v1a` | `webhook-signature`, `v1a` | the same; keys, `whpk_…` to verify and `whsk_…` to sign |
 * | `x_hub_signature_256` | `X-Hub-Signature-256`, hex after `sha256=` | the body, as GitHub and Meta do |
 */
export type WebhookSchemeName =
  | 'linktor'
  | 'linktor_body'
  | 'libromi'
  | 'api_v1'
  | 'api_v2'
  | 'standard_webhooks'
  | 'standard_webhooks_v1a'
  | 'x_hub_signature_256'

/** Hex HMAC-SHA256 of the body, or of `<timestamp>.<body>`. */
export interface HmacSignature {
  readonly kind: 'hmac'
  /** The header that holds the signature. */
  readonly header: string
  /** What stands before the hex digits, `sha256=` for example. Default: nothing. */
  readonly prefix?: string
  /** Whether the prefix may be missing. Default: `false`. */
  readonly prefix_optional?: boolean
  /**
   * The header that holds the delivery's time in epoch seconds, which is signed too. Default: none, and then whoever
   * captures a delivery can send it again at any time.
   */
  readonly timestamp_header?: string
}

/** Standard Webhooks 1.0 (https://www.standardwebhooks.com): a list of signatures of `<id>.<timestamp>.<body>`. */
export interface StandardWebhooksSignature {
  readonly kind: 'standard_webhooks'
  /** Which of the listed signatures count: HMAC-SHA256 or ed25519. Default: `v1`. */
  readonly version?: 'v1' | 'v1a'
  /** Default: `webhook-id`. */
  readonly id_header?: string
  /** Default: `webhook-timestamp`. */
  readonly timestamp_header?: string
  /** Default: `webhook-signature`. */
  readonly signature_header?: string
}

/**
 * Where an event's fields are: the first of several places that holds something. A place that is empty or begins with
 * `/` is a JSON pointer (RFC 6901) into the body, any other is a header's name.
 */
export interface WebhookEventPlaces {
  /** Default: `/id`, or for Standard Webhooks the signed id. */
  readonly id?: readonly string[]
  /** Default: `/type`. */
  readonly type?: readonly string[]
  /** Default: `/timestamp`, then `/created_at`. */
  readonly timestamp?: readonly string[]
  /** Default: nowhere. */
  readonly organization?: readonly string[]
  /** Places in the body. Default: `/data`, then the whole body. */
  readonly data?: readonly string[]
}

/** How a sender signs its deliveries, and where its events say what: plain data, the same in every language. */
export interface WebhookSchemeDocument {
  /** How a delivery is signed. */
  readonly signature: HmacSignature | StandardWebhooksSignature
  /** Where an event's fields are. Default: where most have them. */
  readonly event?: WebhookEventPlaces
}

/** The description of a provider, whose `webhook` field is a scheme. */
export interface WebhookProviderDocument {
  readonly credentials: unknown
  readonly signature?: undefined
  readonly [field: string]: unknown
}

/** A scheme by its name (which a configuration may hold), as a document, or a provider's. */
export type WebhookScheme =
  | WebhookSchemeName
  | (string & Record<never, never>)
  | WebhookSchemeDocument
  | WebhookProviderDocument
  | Provider
  | ProviderDocument

/**
 * As the core reads it, which refuses what is none.
 * @internal
 */
export function schemeTold(scheme: unknown): unknown {
  return typeof scheme === 'string' || typeof scheme === 'object' ? scheme : null
}
