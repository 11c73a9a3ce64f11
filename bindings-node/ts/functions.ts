import { AsyncLocalStorage } from 'node:async_hooks'

import { hold, letGo } from './alive.js'
import { failures } from './failures.js'
import { native } from './native.js'
import { type TokenSource, tokenTold } from './token_source.js'
import { loadedTold, type TokenStore, type Unlock } from './token_store.js'
import { type Fetch, networkFailure, send } from './transport.js'
import { warn } from './warnings.js'

/** What is asked: see `src/question.rs`. */
const TOKEN = -1
const LOAD = -4
const SAVE = -5
const LOCK = -6
export const SEND = -7

const answering = new AsyncLocalStorage<number>()

/** The question that the running code is answering, if it is inside a function of the user's. */
export function currentQuestion(): number | undefined {
  return answering.getStore()
}

/** The user's own functions of a client, or of a handle. */
export class Functions {
  readonly #tokenSource: TokenSource | undefined
  readonly #tokenStore: TokenStore | undefined
  readonly #fetch: Fetch | undefined

  constructor(tokenSource?: TokenSource, tokenStore?: string | TokenStore, fetch?: Fetch) {
    this.#tokenSource = tokenSource
    this.#tokenStore = typeof tokenStore === 'string' ? undefined : tokenStore
    this.#fetch = fetch
  }

  /**
   * Asks the function that `state` names, and tells the core what it gave, or that it failed; whether it gave a lock,
   * which lasts until `signal` aborts.
   */
  answer(question: number, state: number, asked: readonly unknown[], signal: AbortSignal): Promise<boolean> {
    return answering.run(question, async () => {
      try {
        return await this.#answer(question, state, asked, signal)
      } catch (error) {
        fail(question, state, error)
        return false
      }
    })
  }

  async #answer(question: number, state: number, asked: readonly unknown[], signal: AbortSignal): Promise<boolean> {
    const [key, text] = asked as [string, string]
    const store = this.#tokenStore
    if (state === TOKEN) {
      native.answer(question, tokenTold(await this.#tokenSource?.({ signal })))
    } else if (state === LOAD) {
      native.answer(question, loadedTold(await store?.load(key, { signal })))
    } else if (state === SAVE) {
      await store?.save(key, text, { signal })
      native.answer(question, 'null')
    } else if (state === LOCK) {
      return holdLock(question, await store?.lock?.(key, { signal }), signal)
    } else if (state === SEND && this.#fetch) {
      const [status, headers, body] = await send(this.#fetch, asked, signal)
      native.answerResponse(question, status, headers, body)
    } else {
      native.fail(question, 'this question is not known')
    }
    return false
  }
}

function holdLock(question: number, unlock: Unlock | null | undefined, signal: AbortSignal): boolean {
  if (unlock === undefined || unlock === null) {
    native.answer(question, 'false')
    return false
  }
  if (typeof unlock !== 'function')
    throw new TypeError(`lock must give a function that unlocks, not a ${typeof unlock}`)
  const end = async () => {
    try {
      await unlock()
    } catch (error) {
      warn('LINKTOR_TOKEN_STORE_LOCK', 'a lock of the token store could not be ended', error)
    } finally {
      letGo(signal)
    }
  }
  hold(signal)
  if (signal.aborted) void end()
  else signal.addEventListener('abort', end, { once: true })
  native.answer(question, 'true')
  return true
}

function fail(question: number, state: number, error: unknown): void {
  const failure = state === SEND ? networkFailure(error) : undefined
  const name = error instanceof Error ? error.name : 'something that is no error'
  failures.set(question, error)
  if (failure) native.failSending(question, name, failure.isTimeout, failure.isUnsent)
  else native.fail(question, name)
}
