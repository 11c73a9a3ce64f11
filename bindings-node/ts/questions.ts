import type { AsyncResource } from 'node:async_hooks'

import { hold, letGo } from './alive.js'
import type { Functions } from './functions.js'
import { native } from './native.js'
import type { Unlock } from './token_store.js'
import { warn } from './warnings.js'

/** A question that a function is answering, or whose lock is held. */
interface Question {
  readonly controller: AbortController
  unlock?: Unlock
}

/** The functions of a client and its handles, and the questions that they are answering. */
export class Questions {
  /** Where their ends come up. */
  readonly #port: WeakRef<object>
  /** Holds the port while there are locks or renewals, so that these hear of their ends. */
  readonly #holder: { port?: object | undefined } = {}
  // Weak: whoever holds the handle holds its functions, and handles may be many.
  readonly #functions = new Map<number, WeakRef<Functions>>()
  readonly #open = new Map<number, Question>()
  /** How many of them are locks that are held. */
  #locks = 0
  /** How many sessions are being renewed that a store is to keep: what it does not get is lost. */
  #renewals = 0

  constructor(port: object) {
    this.#port = new WeakRef(port)
  }

  /** Has `functions` answer the questions of `client`; whoever may ask must hold them. */
  add(client: number, functions: Functions): void {
    this.#functions.set(client, new WeakRef(functions))
    collected.register(functions, { functions: this.#functions, client })
  }

  /** Puts a question to the functions of `client`, in the context of the call that it is for, if that is known. */
  ask(id: number, client: number, state: number, asked: readonly unknown[], context?: AsyncResource): void {
    const functions = this.#functions.get(client)?.deref()
    if (!functions) {
      native.fail(id, 'nobody holds the client any more whose function is asked')
      return
    }
    const question: Question = { controller: new AbortController() }
    this.#open.set(id, question)
    const answer = async () => {
      const unlock = await functions.answer(id, state, asked, question.controller.signal)
      if (unlock) this.#held(question, unlock)
      else this.#over(id)
    }
    void (context ? context.runInAsyncScope(answer) : answer())
    this.#keepAlive()
  }

  /** Nobody waits for the answer to a question any more, or needs the lock that it gave. */
  abandon(id: number): void {
    const question = this.#open.get(id)
    if (!question) return
    question.controller.abort(new DOMException('Nobody waits for this any more', 'AbortError'))
    if (question.unlock) {
      this.#locks--
      void end(question.unlock)
    }
    this.#over(id)
  }

  #held(question: Question, unlock: Unlock): void {
    if (!this.#port.deref() || question.controller.signal.aborted) {
      void end(unlock)
      return
    }
    question.unlock = unlock
    this.#locks++
    this.#keepAlive()
  }

  /** So many more sessions are being renewed. */
  renewing(more: number): void {
    this.#renewals += more
    this.#keepAlive()
  }

  #over(id: number): void {
    this.#open.delete(id)
    this.#keepAlive()
  }

  /**
   * A lock and a renewal keep the process while the core works on them; where a function does, what that waits for
   * keeps it.
   */
  #keepAlive(): void {
    const isNeeded = this.#locks > 0 || this.#renewals > 0
    this.#holder.port = isNeeded ? this.#port.deref() : undefined
    if (isNeeded && this.#locks === this.#open.size) hold(this.#holder)
    else letGo(this.#holder)
  }
}

/** Ends a lock. What that waits for keeps the process, as everything does in Node.js. */
async function end(unlock: Unlock): Promise<void> {
  try {
    await unlock()
  } catch (error) {
    warn('LINKTOR_TOKEN_STORE_LOCK', 'a lock of the token store could not be ended', error)
  }
}

interface Collected {
  readonly functions: Map<number, WeakRef<Functions>>
  readonly client: number
}

const collected = new FinalizationRegistry<Collected>(({ functions, client }) => functions.delete(client))
