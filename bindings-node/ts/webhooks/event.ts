import { constants, isUtf8 } from 'node:buffer'
import { inspect } from 'node:util'

import { DecodeError } from '../errors.js'
import { milliseconds } from '../time.js'

/** The types of events that the families publish. */
export const EVENT_TYPES = Object.freeze([
  'message.received',
  'message.sent',
  'message.delivered',
  'message.read',
  'message.failed',
  'conversation.created',
  'conversation.updated',
  'conversation.resolved',
  'conversation.assigned',
  'contact.created',
  'contact.updated',
  'contact.deleted',
  'channel.connected',
  'channel.disconnected',
  'channel.error',
  'bot.started',
  'bot.stopped',
  'flow.started',
  'flow.completed',
  'flow.failed',
  'chatbot.triggered',
] as const)

/** An event's type: one of {@link EVENT_TYPES}, or any other as the sender writes it. */
export type WebhookEventType = (typeof EVENT_TYPES)[number] | (string & Record<never, never>)

/** What a delivery tells: id, type, epoch seconds, organization, and where its data is. See `src/webhook.rs`. */
type Head = [
  id: string | null,
  type: string | null,
  timestamp: number | null,
  organization: string | null,
  data: [start: number, end: number] | null,
]

/**
 * An event that was verified. Nothing changes it, and printing it shows no data.
 *
 * ```ts
 * const { id, type, timestamp, organization } = webhooks.verify('linktor', body, headers, secret)
 * ```
 */
export class WebhookEvent {
  readonly #body: string | Buffer
  readonly #told: string
  #read?: Head

  private constructor(body: Buffer, told: string) {
    // Kept as of now, whatever the caller does with his bytes: a text costs less than a copy of them.
    const isText = body.length <= constants.MAX_STRING_LENGTH && isUtf8(body)
    this.#body = isText ? body.toString() : Buffer.from(body)
    this.#told = told
  }

  /** @internal */
  static of(body: Buffer, told: string): WebhookEvent {
    return new WebhookEvent(body, told)
  }

  /** The event's id, the same in every redelivery; `undefined` if the sender gives none. */
  get id(): string | undefined {
    return this.#head[0] ?? undefined
  }

  /** The event's type; `undefined` if the sender gives none. */
  get type(): WebhookEventType | undefined {
    return this.#head[1] ?? undefined
  }

  /** When it happened, as the sender says; `undefined` if he does not, or not as a time. */
  get timestamp(): Date | undefined {
    const seconds = this.#head[2]
    return seconds === null ? undefined : new Date(milliseconds(seconds))
  }

  /** The organization or tenant that it belongs to; `undefined` if the sender says nothing of it. */
  get organization(): string | undefined {
    return this.#head[3] ?? undefined
  }

  /** The body as it came; changing these bytes changes nothing. */
  bytes(): Uint8Array {
    return typeof this.#body === 'string' ? Buffer.from(this.#body) : new Uint8Array(this.#body)
  }

  /**
   * The event's data, parsed; `null` if there is none.
   * @throws {DecodeError} if the body is not JSON, or longer than a text of Node.js can be (512 MiB)
   */
  data<T = unknown>(): T {
    const place = this.#head[4]
    if (!place) throw undecodable("the event's body is not JSON")
    if (typeof this.#body !== 'string') throw undecodable("the event's body is longer than a text can be")
    const [start, end] = place
    try {
      return JSON.parse(this.#body.slice(start, end) || 'null')
    } catch {
      // The parser's own message is not kept: it quotes the body.
      throw undecodable("the event's data is not the JSON that was expected")
    }
  }

  /** @internal */
  [inspect.custom](): string {
    return `WebhookEvent { id: ${inspect(this.id)}, type: ${inspect(this.type)} }`
  }

  get #head(): Head {
    this.#read ??= JSON.parse(this.#told) as Head
    return this.#read
  }
}

function undecodable(message: string): DecodeError {
  return new DecodeError({ kind: 'decode', message, attempts: 0, waited: 0, sent: 'no' })
}
