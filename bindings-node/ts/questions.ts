import type { AsyncResource } from 'node:async_hooks'

import type { Functions } from './functions.js'
import { native } from './native.js'

/** The functions of a client and its handles, and the questions that they are answering. */
export class Questions {
  // Weak: whoever holds the handle holds its functions, and handles may be many.
  readonly #functions = new Map<number, WeakRef<Functions>>()
  readonly #open = new Map<number, AbortController>()

  /** Has `functions` answer the questions of `client`; whoever may ask must hold them. */
  add(client: number, functions: Functions): void {
    this.#functions.set(client, new WeakRef(functions))
    collected.register(functions, { functions: this.#functions, client })
  }

  /** Puts a question to the functions of `client`, in the context of the call that it is for, if that is known. */
  ask(question: number, client: number, state: number, asked: readonly unknown[], context?: AsyncResource): void {
    const functions = this.#functions.get(client)?.deref()
    if (!functions) {
      native.fail(question, 'nobody holds the client any more whose function is asked')
      return
    }
    const controller = new AbortController()
    this.#open.set(question, controller)
    const answer = async () => {
      const isHeld = await functions.answer(question, state, asked, controller.signal)
      if (!isHeld) this.#open.delete(question)
    }
    void (context ? context.runInAsyncScope(answer) : answer())
  }

  /** Nobody waits for the answer to a question any more, or needs the lock that it gave. */
  abandon(question: number): void {
    this.#open.get(question)?.abort(new DOMException('Nobody waits for this any more', 'AbortError'))
    this.#open.delete(question)
  }
}

interface Collected {
  readonly functions: Map<number, WeakRef<Functions>>
  readonly client: number
}

const collected = new FinalizationRegistry<Collected>(({ functions, client }) => functions.delete(client))
