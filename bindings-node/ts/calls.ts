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
  resolve(completion: Completion): void
  reject(reason: unknown): void
}

// Nothing native holds the process: this timer does, while any call of this thread waits.
const keepAlive = setInterval(() => {}, 2 ** 31 - 1).unref()
// Nothing native holds a client either: this does, while any of its calls waits.
const busy = new Set<object>()

/** The calls of a client and its handles that wait for their completion. */
export class Calls {
  readonly #owner: object
  readonly #waiters = new Map<number, Waiter>()

  constructor(owner: object) {
    this.#owner = owner
  }

  /** Waits for call `id`. When `signal` aborts, it is cancelled and rejects with the signal's reason. */
  wait(id: number, signal: AbortSignal | undefined, cancel: (id: number) => void): Promise<Completion> {
    return new Promise((resolve, reject) => {
      if (busy.size === 0) keepAlive.ref()
      busy.add(this.#owner)
      if (!signal) {
        this.#waiters.set(id, { resolve, reject })
        return
      }
      const over = onAbort(signal, () => {
        cancel(id)
        this.#take(id)?.reject(abortReason(signal))
      })
      this.#waiters.set(id, {
        resolve(completion) {
          over()
          resolve(completion)
        },
        reject(reason) {
          over()
          reject(reason)
        },
      })
    })
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
    if (this.#waiters.size === 0) busy.delete(this.#owner)
    if (busy.size === 0) keepAlive.unref()
    return waiter
  }
}
