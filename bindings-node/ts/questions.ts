import type { AsyncResource } from 'node:async_hooks'

import { hold, letGo } from './alive.js'
import type { Functions } from './functions.js'
import { native } from './native.js'
import type { Unlock } from './token_store.js'
import { warn } from './warnings.js'

/** A question that a function is answering, or whose lock is held. */
interface Question {
  /** Where its end comes up, and so what its function and its lock must keep. */
  readonly owner: object
  readonly controller: AbortController
  unlock?: Unlock
}

/** The functions of a client and its handles, and the questions that they are answering. */
export class Questions {
  readonly #owner: object
  // Weak: whoever holds the handle holds its functions, and handles may be many.
  readonly #functions = new Map<number, WeakRef<Functions>>()
  readonly #open = new Map<number, Question>()

  /** `owner` is told of what comes up. */
  constructor(owner: object) {
    this.#owner = owner
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
    const question: Question = { owner: this.#owner, controller: new AbortController() }
    this.#open.set(id, question)
    const answer = async () => {
      const unlock = await functions.answer(id, state, asked, question.controller.signal)
      if (unlock) this.#held(question, unlock)
      else this.#open.delete(id)
    }
    void (context ? context.runInAsyncScope(answer) : answer())
  }

  /** Nobody waits for the answer to a question any more, or needs the lock that it gave. */
  abandon(id: number): void {
    const question = this.#open.get(id)
    if (!question) return
    this.#open.delete(id)
    question.controller.abort(new DOMException('Nobody waits for this any more', 'AbortError'))
    if (question.unlock) void end(question, question.unlock)
  }

  /** Keeps the process, and what hears of the end, for as long as the lock is needed. */
  #held(question: Question, unlock: Unlock): void {
    question.unlock = unlock
    hold(question)
    if (question.controller.signal.aborted) void end(question, unlock)
  }
}

/** Ends a lock. What that does keeps the process by itself, as everything does in Node.js. */
async function end(question: Question, unlock: Unlock): Promise<void> {
  letGo(question)
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
