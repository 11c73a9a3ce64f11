/** How a delivery is signed and written. */
export type WebhookFamily =
  | 'linktor'
  | 'linktor_body'
  | 'libromi'
  | 'api_v1'
  | 'api_v2'
  | 'standard_webhooks'
  | 'x_hub_signature_256'

/** An event, and how it is delivered. */
export interface DeliveryOptions {
  /** Where the receiver is, over plain http. */
  url: string
  /** The event's type. */
  event: string
  /** How it is signed and written. Default: `linktor`. */
  family?: WebhookFamily
  /** The event's data, as JSON can express it. Default: an invented object. */
  data?: unknown
  /** The receiver's secret. Default: the `webhookSecret` among the sandbox's credentials. */
  secret?: string
  /**
   * How it is spoilt: a byte of the body, of the signature, or the time is another after signing; it was signed an hour
   * ago, or with another secret; it is not signed. Default: it is genuine.
   */
  tamper?: 'body' | 'signature' | 'timestamp' | 'stale' | 'secret' | 'unsigned'
  /** Deliver the same event so many times, though it was received; at most 1,000. Default: once. */
  times?: number
}

/** One delivery of an event. */
export interface Delivery {
  /** After how many milliseconds the sender would have made it; the sandbox waits for none. */
  readonly after: number
  /** What the receiver answered; `null` if it did not. */
  readonly status: number | null
  /** The first 64 KiB of its answer; `null` if there was none. */
  readonly body: string | null
  /** Why there was no answer; `null` if there was one. */
  readonly error: string | null
}

/** An event, and its deliveries until one was answered with a 2xx, or the sender gave up. */
export interface Report {
  /** The event's id; `null` for `libromi`, whose events have none. */
  readonly id: string | null
  /** The deliveries, in order. */
  readonly deliveries: readonly Delivery[]
}

/** A report as the sandbox writes it. */
export interface ReportRecord {
  readonly id: string | null
  readonly deliveries: readonly { after: number; status?: number; body?: string; error?: string }[]
}

/** Reads a report as the sandbox writes it. */
export function reportFrom({ id, deliveries }: ReportRecord): Report {
  return {
    id,
    deliveries: deliveries.map(({ after, status = null, body = null, error = null }) => ({
      after: after * 1000,
      status,
      body,
      error,
    })),
  }
}
