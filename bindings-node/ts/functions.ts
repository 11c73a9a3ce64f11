import { AsyncLocalStorage } from 'node:async_hooks'

import { keepFailure } from './failures.js'
import { native } from './native.js'
import { type TokenSource, tokenTold } from './token_source.js'
import { loadedTold, type TokenStore, type Unlock, unlockOf } from './token_store.js'
import { type Fetch, type NetworkFailure, networkFailure, send } from './transport.js'

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
   * Asks the function that `state` names, and tells the core what it gave, or that it failed. Gives what ends the lock
   * that was asked for, if there is one.
   */
  answer(question: number, state: number, asked: readonly unknown[], signal: AbortSignal): Promise<Unlock | undefined> {
    return answering.run(question, async () => {
      try {
        return await this.#answer(question, state, asked, signal)
      } catch (error) {
        fail(question, state, error)
        return undefined
      }
    })
  }

  async #answer(
    question: number,
    state: number,
    asked: readonly unknown[],
    signal: AbortSignal,
  ): Promise<Unlock | undefined> {
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
      const unlock = unlockOf(await store?.lock?.(key, { signal }))
      native.answer(question, String(unlock !== undefined))
      return unlock
    } else if (state === SEND && this.#fetch) {
      const [status, headers, body] = await send(this.#fetch, asked, signal)
      native.answerResponse(question, status, headers, body)
    } else {
      native.fail(question, 'this question is not known')
    }
    return undefined
  }
}

function fail(question: number, state: number, error: unknown): void {
  keepFailure(question, error)
  const failure = state === SEND ? networkFailureOf(error) : undefined
  if (failure) native.failSending(question, 'fetch failed', failure)
  else native.fail(question, 'a function failed')
}

/** What cannot be looked at is no failure of the network. */
function networkFailureOf(error: unknown): NetworkFailure | undefined {
  try {
    return networkFailure(error)
  } catch {
    return undefined
  }
}
