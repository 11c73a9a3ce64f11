import { configError, invalidRequest } from '../errors.js'
import { finite, knownOptions } from '../given.js'
import { DEDUPLICATOR_NAMES } from '../names.js'
import { type NativeDeduplicator, native, translated } from '../native.js'

/** What a {@link Deduplicator} may be told. */
export interface DeduplicatorOptions {
  /** How many ids are remembered at most; of more, the oldest are forgotten. Default: 100,000. */
  capacity?: number
}

/**
 * What is known of an event: `new`, and now claimed: handle it, then commit or release it; `in_progress`: another
 * delivery of it is being handled; `done`: it was handled.
 */
export type Begun = 'new' | 'in_progress' | 'done'

/**
 * Knows redeliveries: the events of the last 24 hours by their ids, in this thread's memory.
 *
 * ```ts
 * const seen = new webhooks.Deduplicator()
 *
 * const { id } = event
 * const begun = id ? seen.begin(id) : 'new' // without an id, nobody can tell whether it was handled
 * if (begun === 'done') return 200
 * if (begun === 'in_progress') return 503 // with Retry-After: the sender comes again
 * try {
 *   await handle(event.data())
 *   if (id) seen.commit(id)
 *   return 200
 * } catch {
 *   if (id) seen.release(id) // the redelivery is handled
 *   return 500
 * }
 * ```
 */
export class Deduplicator {
  readonly #native: NativeDeduplicator

  /** @throws {ConfigError} if the capacity is not what it should be */
  constructor(options: DeduplicatorOptions = {}) {
    const { capacity } = knownOptions(options, DEDUPLICATOR_NAMES, configError)
    const count = capacity === undefined ? undefined : finite('capacity', capacity, 'a number of ids')
    this.#native = translated(() => new native.Deduplicator(count))
  }

  /**
   * Claims an event, unless it is claimed or done.
   * @throws {InvalidRequestError} if the id is blank or none: every event without one would be a redelivery
   */
  begin(id: string): Begun {
    return translated(() => this.#native.begin(idOf(id)))
  }

  /**
   * The event was handled: it is done for 24 hours from now, claimed before or not.
   * @throws {InvalidRequestError} as {@link Deduplicator.begin}
   */
  commit(id: string): void {
    translated(() => this.#native.commit(idOf(id)))
  }

  /**
   * Handling the event failed: its claim is forgotten, so that a redelivery is handled. What is done stays so.
   * @throws {InvalidRequestError} as {@link Deduplicator.begin}
   */
  release(id: string): void {
    translated(() => this.#native.release(idOf(id)))
  }
}

function idOf(id: unknown): string {
  if (typeof id === 'string' && id.isWellFormed()) return id
  const what = typeof id === 'string' ? 'one that UTF-8 cannot write' : id === null ? id : typeof id
  throw invalidRequest(`an event's id must be a text, and this one is ${what}`)
}
