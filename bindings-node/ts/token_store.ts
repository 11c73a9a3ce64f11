import { configError } from './errors.js'
import type { CallContext } from './token_source.js'

/**
 * Keeps sessions: one text by key, opaque and secret. Its methods may be async.
 *
 * Encrypt the text, put it into a database; give back exactly what was saved. A new refresh token is saved before the
 * access token that came with it is used. A failure to load or lock is a `TokenStoreError` of the calls that need a
 * token; after a failure to save, calls go on from memory, and `onEvent` or a warning of the process tells of it. What
 * `load` and `save` do not do within the client's `timeout` has failed. A process that has nothing else to do waits for
 * the renewal of a session, whose refresh token may be used up.
 *
 * ```ts
 * const tokenStore: TokenStore = {
 *   load: (key) => redis.get(key),
 *   save: (key, text) => redis.set(key, text),
 * }
 * ```
 */
export interface TokenStore {
  /** The text that was saved last under this key; `null` or `undefined` if there is none. */
  load(key: string, context: CallContext): string | null | undefined | PromiseLike<string | null | undefined>
  /** Saves the text under this key, whole or not at all. */
  save(key: string, text: string, context: CallContext): unknown
  /**
   * Keeps every other process from renewing the session under this key, until the function that it gives is called;
   * gives nothing if there is no lock. Without this method, two processes may renew the same session at once.
   */
  lock?(key: string, context: CallContext): Unlock | null | undefined | PromiseLike<Unlock | null | undefined>
}

/** Ends a lock; may be async. What it throws is a warning of the process. */
export type Unlock = () => unknown

/** Refuses what is no token store. */
export function checkTokenStore(store: unknown): void {
  const { load, save, lock } = Object(store) as Partial<TokenStore>
  const isStore = typeof load === 'function' && typeof save === 'function'
  if (!isStore || (lock !== undefined && typeof lock !== 'function')) {
    throw configError("tokenStore must be a file's path, or an object with the methods load, save and perhaps lock")
  }
}

/** What a store loaded as the core reads it. */
export function loadedTold(text: unknown): string {
  if (text === undefined || text === null) return 'null'
  // Without the value, which holds tokens.
  if (typeof text !== 'string') throw new TypeError(`load must give the text that was saved, not a ${typeof text}`)
  return JSON.stringify(text.toWellFormed())
}

/** What a store gave for a lock: what ends it, if there is one. */
export function unlockOf(given: unknown): Unlock | undefined {
  if (given === undefined || given === null) return undefined
  if (typeof given === 'function') return given as Unlock
  throw new TypeError(`lock must give a function that unlocks, not a ${typeof given}`)
}
