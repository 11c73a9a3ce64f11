import type { AsyncResource } from 'node:async_hooks'

import type { ErrorKind } from './errors.js'
import { milliseconds } from './time.js'
import { warn } from './warnings.js'

/** What every event says of its call. */
export interface CallEvent {
  /** The API family's name. */
  readonly provider: string
  /** The method, in capitals. */
  readonly method: string
  /** The path, without its query. */
  readonly path: string
  /** The request id, the same through all attempts. */
  readonly requestId: string
}

/** How an attempt or a call ended: with a status, an error, or both. */
export interface Ended {
  /** The HTTP status, if the server answered. */
  readonly status?: number
  /** What went wrong, if something did; of an attempt that was answered, the status alone tells. */
  readonly error?: ErrorKind
  /** Milliseconds that it took. */
  readonly elapsed: number
}

/** What a wait is for. */
export type WaitReason = 'rate_limit' | 'retry_after' | 'backoff'

/**
 * What happened, for `onEvent`: the same in every language of this SDK. No event holds a credential, a query or a body.
 *
 * | type | when |
 * | --- | --- |
 * | `call_started`, `call_ended` | a call begins; it is over, with so many `attempts` |
 * | `attempt_started`, `attempt_ended` | the request goes out, counted from 1; an answer or a failure is there |
 * | `wait_started`, `wait_ended` | the call waits, for some `expected` milliseconds; it goes on |
 * | `renewal_started`, `renewal_ended` | the call waits for a token; there is one, or an `error` |
 * | `tokens_unsaved` | a warning: calls go on with tokens that the token store could not save |
 * | `token_store_unlocked` | a warning: the store has no locks, so two processes may renew the same session |
 */
export type LinktorEvent =
  | ({ readonly type: 'call_started' } & CallEvent)
  | ({ readonly type: 'call_ended'; readonly attempts: number } & CallEvent & Ended)
  | ({ readonly type: 'attempt_started'; readonly attempt: number } & CallEvent)
  | ({ readonly type: 'attempt_ended'; readonly attempt: number } & CallEvent & Ended)
  | ({ readonly type: 'wait_started'; readonly reason: WaitReason; readonly expected: number } & CallEvent)
  | ({ readonly type: 'wait_ended'; readonly reason: WaitReason; readonly elapsed: number } & CallEvent)
  | ({ readonly type: 'renewal_started' } & CallEvent)
  | ({ readonly type: 'renewal_ended'; readonly error?: ErrorKind } & CallEvent)
  | ({ readonly type: 'tokens_unsaved' } & CallEvent)
  | { readonly type: 'token_store_unlocked'; readonly provider: string }

/** Hears of events. What it throws is a warning of the process, the first time, and disturbs no call. */
export type EventListener = (event: LinktorEvent) => unknown

/**
 * An event as the core tells it.
 * @internal
 */
export interface EventRecord {
  readonly event: string
  readonly provider: string
  readonly request_id?: string
  readonly expected?: number
  readonly elapsed?: number
}

const WARNINGS: ReadonlyMap<string, string> = new Map([
  ['tokens_unsaved', 'calls go on with tokens that the token store could not save'],
  ['token_store_unlocked', 'the token store has no locks: two processes may renew the same session'],
])

/**
 * Whoever hears of a client's events: the user's listener, or else, of what is in danger, the process.
 * @internal
 */
export class Events {
  readonly #listener: EventListener | undefined
  readonly #warned = new Set<string>()

  constructor(listener: EventListener | undefined) {
    this.#listener = listener
  }

  /** Tells of an event in the context of its call, if that is known. */
  tell(told: EventRecord, context?: AsyncResource): void {
    const event = eventFrom(told)
    const listener = this.#listener
    if (!listener) {
      const message = WARNINGS.get(event.type)
      if (message) this.#warn(event.type, `${message}; \`onEvent\` hears of it instead of this warning`)
    } else if (context) {
      context.runInAsyncScope(this.#hear, this, listener, event)
    } else {
      void this.#hear(listener, event)
    }
  }

  async #hear(listener: EventListener, event: LinktorEvent): Promise<void> {
    try {
      await listener(event)
    } catch (error) {
      this.#warn('on_event', `onEvent failed at ${event.type}, and calls go on; it is not warned of again`, error)
    }
  }

  /** Once of each. */
  #warn(what: string, message: string, cause?: unknown): void {
    if (this.#warned.has(what)) return
    this.#warned.add(what)
    warn(`LINKTOR_${what.toUpperCase()}`, message, cause)
  }
}

function eventFrom({ event, request_id, expected, elapsed, ...rest }: EventRecord): LinktorEvent {
  // The core tells of each what its type says.
  const type = event as 'token_store_unlocked'
  return {
    type,
    ...rest,
    ...(request_id !== undefined && { requestId: request_id }),
    ...(expected !== undefined && { expected: milliseconds(expected) }),
    ...(elapsed !== undefined && { elapsed: milliseconds(elapsed) }),
  }
}
