import { AsyncLocalStorage } from 'node:async_hooks'

import { native } from './native.js'

/** An access token and, where it is known, how long it lives from now on. */
export interface Token {
  readonly token: string
  /** Milliseconds. Without it, the token is used until the server refuses it. */
  readonly expiresIn?: number
}

/** What a token source is called with. */
export interface TokenSourceContext {
  /** Aborts when nobody waits for the token any more. */
  readonly signal: AbortSignal
}

/**
 * Gives access tokens on demand: when there is none, when the last one has expired, and
 * once after a 401 that says so. One call at a time, bounded by the client's `timeout`.
 * What it throws is the `cause` of a `CallbackError`. It must not use the client that it
 * gives tokens to.
 */
export type TokenSource = (context: TokenSourceContext) => string | Token | PromiseLike<string | Token>

/** How many failures are remembered until the calls that they ended have asked for them. */
const REMEMBERED = 64

const answering = new AsyncLocalStorage<number>()

/** The question that the running code is answering, if it is inside a token source. */
export function currentQuestion(): number | undefined {
  return answering.getStore()
}

/** The token sources of a client and its handles, and the questions that they are answering. */
export class Sources {
  // Weak: whoever holds the handle holds its source, and handles may be many.
  readonly #sources = new Map<number, WeakRef<Questions>>()
  readonly #open = new Map<number, AbortController>()

  /** Has `source` answer the questions of `client`; whoever may ask must hold what is returned. */
  add(client: number, source: TokenSource | undefined): Questions | undefined {
    if (!source) return undefined
    const questions = new Questions(source)
    this.#sources.set(client, new WeakRef(questions))
    collected.register(questions, { sources: this.#sources, client })
    return questions
  }

  /** Puts question `id` to the source of `client`. */
  ask(id: number, client: number): void {
    const questions = this.#sources.get(client)?.deref()
    if (!questions) {
      native.fail(id, 'nobody holds the client any more that asks for a token')
      return
    }
    const controller = new AbortController()
    this.#open.set(id, controller)
    void answering.run(id, () => questions.answer(id, controller.signal)).finally(() => this.#open.delete(id))
  }

  /** Nobody waits for the answer to question `id` any more. */
  abandon(id: number): void {
    this.#open.get(id)?.abort(new DOMException('Nobody waits for this token any more', 'AbortError'))
    this.#open.delete(id)
  }
}

interface Collected {
  readonly sources: Map<number, WeakRef<Questions>>
  readonly client: number
}

const collected = new FinalizationRegistry<Collected>(({ sources, client }) => sources.delete(client))

/** The questions to one token source. */
export class Questions {
  readonly #source: TokenSource
  readonly #failures = new Map<number, unknown>()

  constructor(source: TokenSource) {
    this.#source = source
  }

  /** What the source threw, by question. */
  get failures(): ReadonlyMap<number, unknown> {
    return this.#failures
  }

  /** Puts question `id` to the source, and its answer to the core. */
  async answer(id: number, signal: AbortSignal): Promise<void> {
    try {
      native.answer(id, written(await this.#source({ signal })))
    } catch (error) {
      this.#remember(id, error)
      native.fail(id, error instanceof Error ? error.message : 'the token source threw something that is no error')
    }
  }

  #remember(id: number, error: unknown): void {
    this.#failures.set(id, error)
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= REMEMBERED) break
      this.#failures.delete(oldest)
    }
  }
}

/** An answer as the core reads it, which judges it too. */
function written(answer: unknown): string {
  if (typeof answer === 'object' && answer !== null && 'token' in answer) {
    const { token, expiresIn } = answer as Partial<Token>
    return JSON.stringify({ token, expires_in: typeof expiresIn === 'number' ? expiresIn / 1000 : expiresIn })
  }
  return JSON.stringify(answer) ?? 'null'
}
