import { invalidRequest } from './errors.js'

interface Watch {
  readonly aborts: Set<() => void>
  readonly listener: () => void
}

// One listener a signal, however many calls it serves: Node.js warns beyond ten.
const watches = new WeakMap<AbortSignal, Watch>()

/** Calls `abort` when `signal` aborts, until the function that it returns is called. */
export function onAbort(signal: AbortSignal, abort: () => void): () => void {
  const watch = watches.get(signal) ?? newWatch(signal)
  if (watch.aborts.size === 0) signal.addEventListener('abort', watch.listener)
  watch.aborts.add(abort)
  return () => {
    if (watch.aborts.delete(abort) && watch.aborts.size === 0) signal.removeEventListener('abort', watch.listener)
  }
}

/** `null` is none, as for `fetch`; no other value may be taken for none. */
export function signalOf(signal: AbortSignal | null | undefined): AbortSignal | undefined {
  if (signal === undefined || signal === null) return undefined
  if (typeof signal !== 'object') throw invalidRequest('signal must be an AbortSignal')
  return signal
}

/** Refuses what is no signal, and throws the reason of one that has aborted. */
export function checkSignal(signal: AbortSignal): void {
  const isSignal = typeof signal.addEventListener === 'function' && typeof signal.removeEventListener === 'function'
  if (!isSignal) throw invalidRequest('signal must be an AbortSignal')
  if (signal.aborted) throw abortReason(signal)
}

/** Why a signal aborted. */
export function abortReason(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException('This operation was aborted', 'AbortError')
}

function newWatch(signal: AbortSignal): Watch {
  const aborts = new Set<() => void>()
  const watch = {
    aborts,
    listener() {
      for (const abort of [...aborts]) abort()
    },
  }
  watches.set(signal, watch)
  return watch
}
