import { Calls } from './calls.js'
import { type NativeClient, native, translated } from './native.js'
import { Sources } from './source.js'

const ASKED = -1
const ABANDONED = -2

/** Where completions and questions come up: one for a client and all its handles. */
export class Port {
  /** The client itself, which every handle keeps from being closed by the garbage collector. */
  readonly root: NativeClient
  readonly calls = new Calls(this)
  readonly sources = new Sources()

  /** Makes the client, from its options as the core reads them. */
  constructor(options: string) {
    // Weak: the addon's reference to its wake function must not keep an idle client alive.
    const self = new WeakRef(this)
    const wake = () => {
      const port = self.deref()
      if (port) port.#drain()
    }
    this.root = translated(() => new native.Client(options, wake))
  }

  #drain(): void {
    try {
      const batch = this.root.drain()
      for (let at = 0; at < batch.length; at += 4) {
        const id = batch[at] as number
        const status = batch[at + 1] as number
        const body = batch[at + 2]
        if (status === ASKED) this.sources.ask(id, body as number)
        else if (status === ABANDONED) this.sources.abandon(id)
        else this.calls.settle(id, { status, body: body as string | Uint8Array, meta: batch[at + 3] as string })
      }
    } catch (error) {
      this.calls.abandon(error)
    }
  }
}
