import { AsyncResource } from 'node:async_hooks'

import { hold, letGo } from './alive.js'
import { LinktorError } from './errors.js'
import { abortReason, onAbort } from './signal.js'

/** The status of a failure, whose body is its record as JSON. */
export const FAILED = 0

/** How a call ended, as it came up: see `src/batch.rs`. */
export interface Completion {
  readonly status: number
  readonly body: string | Uint8Array
  readonly meta: string
}

interface Waiter {
  readonly context: AsyncResource | undefined
  resolve(completion: Completion): void
  reject(reason: unknown): void
}

/** The calls of a client and its handles that wait for their completion. */
export class Calls {
  readonly #owner: object
  readonly #keepsContext: boolean
  readonly #waiters = new Map<number, Waiter>()

  /** `keepsContext`: whether functions of the user's run for single calls. */
  constructor(owner: object, keepsContext: boolean) {
    this.#owner = owner
    this.#keepsContext = keepsContext
  }

  /** Waits for call `id`. When `signal` aborts, it is cancelled and rejects with the signal's reason. */
  wait(id: number, signal: AbortSignal | undefined, cancel: (id: number) => void): Promise<Completion> {
    return new Promise((resolve, reject) => {
      if (this.#waiters.size === 0) hold(this.#owner)
      const context = this.#keepsContext ? new AsyncResource('LinktorCall') : undefined
      if (!signal) {
        this.#waiters.set(id, { context, resolve, reject })
        return
      }
      const over = onAbort(signal, () => {
        cancel(id)
        this.#take(id)?.reject(abortReason(signal))
      })
      this.#waiters.set(id, {
        context,
        resolve(completion) {
          resolve(completion)
          over()
        },
        reject(reason) {
          reject(reason)
          over()
        },
      })
    })
  }

  /** Where call `id` was made, if it waits. */
  context(id: number): AsyncResource | undefined {
    return this.#waiters.get(id)?.context
  }

  /** Ends call `id`, unless it was cancelled. */
  settle(id: number, completion: Completion): void {
    this.#take(id)?.resolve(completion)
  }

  /** Ends all calls: their completions are lost. */
  abandon(reason: unknown): void {
    const record = {
      kind: 'internal',
      message: 'the completions were lost',
      attempts: 0,
      waited: 0,
      sent: 'maybe',
    } as const
    for (const id of this.#waiters.keys()) this.#take(id)?.reject(new LinktorError(record, { cause: reason }))
  }

  #take(id: number): Waiter | undefined {
    const waiter = this.#waiters.get(id)
    this.#waiters.delete(id)
    if (this.#waiters.size === 0) letGo(this.#owner)
    return waiter
  }
}
