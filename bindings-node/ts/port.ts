import type { AsyncResource } from 'node:async_hooks'

import { Calls, type Completion } from './calls.js'
import { configError } from './errors.js'
import { type EventRecord, Events } from './events.js'
import { Functions, SEND } from './functions.js'
import { knownOptions } from './given.js'
import { CLIENT_NAMES } from './names.js'
import { type NativeClient, native, translated } from './native.js'
import { clientOptions, type LinktorOptions } from './options.js'
import { Questions } from './questions.js'
import { warn } from './warnings.js'

/** What came up: see `src/batch.rs`. */
const ENDED = 0
const VALUE = -3
const ABANDONED = -2
const TOLD = -8

/** Where completions, questions and events come up: one for a client and all its handles. */
export class Port {
  /** The client itself, which every handle keeps from being closed by the garbage collector. */
  readonly root: NativeClient
  readonly calls: Calls
  readonly questions = new Questions(this)
  readonly #events: Events
  /** Those of the client: its handles ask them too. */
  readonly #functions: Functions
  constructor(options: LinktorOptions) {
    const { tokenSource, tokenStore, fetch, onEvent } = knownOptions(options, CLIENT_NAMES, configError)
    // Weak: the addon's reference to its wake function must not keep an idle client alive.
    const self = new WeakRef(this)
    const wake = () => {
      const port = self.deref()
      if (port) port.#drain()
    }
    const json = clientOptions(options)
    this.root = translated(() => new native.Client(json, wake))
    if (onEvent) this.root.log(true)
    this.calls = new Calls(this, fetch !== undefined || onEvent !== undefined)
    this.#events = new Events(onEvent)
    this.#functions = new Functions(tokenSource, tokenStore, fetch)
    this.questions.add(this.root.id, this.#functions)
  }

  #drain(): void {
    let batch: unknown[] = []
    try {
      batch = this.root.drain()
    } catch (error) {
      this.calls.abandon(error)
    }
    for (let at = 0; at < batch.length; at += 4) {
      try {
        this.#take(batch[at] as number, batch[at + 1] as number, batch[at + 2], batch[at + 3])
      } catch (error) {
        warn('LINKTOR_INTERNAL', 'a defect of the SDK: something that came up was lost', error)
      }
    }
  }

  #take(id: number, state: number, body: unknown, meta: unknown): void {
    if (state >= ENDED || state === VALUE) {
      this.calls.settle(id, { status: state, body, meta } as Completion)
    } else if (state === ABANDONED) {
      this.questions.abandon(id)
    } else if (state === TOLD) {
      this.#hear(JSON.parse(body as string), this.calls.context(id))
    } else {
      const asked = meta as readonly unknown[]
      const context = state === SEND ? this.calls.context(asked[0] as number) : undefined
      this.questions.ask(id, body as number, state, asked, context)
    }
  }

  #hear(told: EventRecord, context: AsyncResource | undefined): void {
    if (told.event === 'session_renewing') this.questions.renewing(1)
    else if (told.event === 'session_renewed') this.questions.renewing(-1)
    else this.#events.tell(told, context)
  }
}
