import { debuglog } from 'node:util'

import { configError, WebhookVerificationError } from '../errors.js'
import { type NativeAnswer, native, translated } from '../native.js'
import { warn } from '../warnings.js'
import type { Begun } from './deduplicator.js'
import type { WebhookEvent } from './event.js'
import type { WebhookBody, WebhookHeaders } from './received.js'
import type { Verifier } from './verifier.js'

/**
 * Remembers events by their keys, as {@link Deduplicator} does: over a store that your receivers share, for example. Its
 * methods may be async. Where one fails, `begin` has the sender deliver again, the others change no answer; all emit a
 * `warning` of the process, with the code `LINKTOR_WEBHOOK_DEDUPLICATOR`.
 */
export interface AnyDeduplicator {
  /**
   * Claims an event, unless it is claimed or done; of several that ask at once, one gets it. Let a claim end by itself
   * some time after the longest handling, so that no event is lost with its receiver.
   */
  begin(key: string): Begun | PromiseLike<Begun>
  /** The event was handled: remember it for as long as its sender redelivers. */
  commit(key: string): unknown
  /** Forget the claim, so that the redelivery is handled. An event that is done stays so. */
  release(key: string): unknown
}

/** What a sender gets. */
export interface WebhookAnswer {
  /** The HTTP status. */
  readonly status: number
  /** Headers, by names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Text; empty, or the code of why the delivery was refused. */
  readonly body: string
}

/** What a handler may return. */
export type Returned<T> = T | undefined | void | PromiseLike<T | undefined> | PromiseLike<void>

/**
 * What a framework makes of a delivery.
 * @internal
 */
export interface Framework<T> {
  /** Of the request; where there is none, it is a POST. */
  readonly method?: string
  readonly headers: WebhookHeaders
  /** The raw body; it is asked for once the request is admitted. */
  read(): WebhookBody | Promise<WebhookBody>
  /** Calls the handler: the status that it answers with, and the response. */
  handle(event: WebhookEvent, answer: WebhookAnswer): Promise<Handled<T>>
  /** The response to a delivery that no handler answers. */
  respond(answer: WebhookAnswer): T
}

/** @internal */
export interface Handled<T> {
  readonly status: unknown
  readonly response: T
}

/**
 * Verifies a delivery, claims its event, and ends the claim as the handler did.
 * @internal
 */
export async function receive<T>(verifier: Verifier, seen: AnyDeduplicator, framework: Framework<T>): Promise<T> {
  let event: WebhookEvent
  let key: string | null
  try {
    if (framework.method !== undefined) verifier.admit(framework.method, framework.headers)
    ;[event, key] = verifier.receive(await framework.read(), framework.headers)
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error
    debug('webhook delivery refused: %s', error.code)
    return framework.respond(answerOf(native.webhookRefusal(error.code)))
  }
  if (key === null) return (await framework.handle(event, answerTo('new'))).response

  let begun: unknown
  let answer: WebhookAnswer
  try {
    begun = await seen.begin(key)
    answer = answerTo(begun)
  } catch (error) {
    warnOf('failed: the sender is asked to deliver again', error)
    return framework.respond(answerOf(native.webhookRefusal()))
  }
  if (begun !== 'new') return framework.respond(answer)

  let isHandled = false
  try {
    const { status, response } = await framework.handle(event, answer)
    isHandled = typeof status === 'number' && native.webhookIsHandled(status)
    return response
  } finally {
    await end(seen, key, isHandled)
  }
}

/**
 * A deduplicator, if it is one; else every delivery would be refused, as if its store were down.
 * @internal
 */
export function usable(deduplicator: AnyDeduplicator): AnyDeduplicator {
  const methods = ['begin', 'commit', 'release'] as const
  const missing = methods.filter((name) => typeof deduplicator?.[name] !== 'function')
  if (missing.length === 0) return deduplicator
  if (typeof deduplicator === 'function') {
    const { name } = deduplicator as { name: string }
    throw configError(`deduplicator must be an object, not the class or function ${name}: make one, new ${name}(…)`)
  }
  throw configError(
    `deduplicator must be an object with the methods begin, commit and release: it has no ${missing.join(' and no ')}`,
  )
}

const debug = debuglog('linktor')

function answerTo(begun: unknown): WebhookAnswer {
  return answerOf(translated(() => native.webhookAnswer(typeof begun === 'string' ? begun : '')))
}

function answerOf([status, headers, body]: NativeAnswer): WebhookAnswer {
  const type = body ? { 'content-type': 'text/plain; charset=utf-8' } : {}
  return { status, headers: { ...Object.fromEntries(headers), ...type }, body }
}

async function end(seen: AnyDeduplicator, key: string, isHandled: boolean): Promise<void> {
  try {
    await (isHandled ? seen.commit(key) : seen.release(key))
  } catch (error) {
    warnOf("failed to end a claim: the answer is the handler's nevertheless", error)
  }
}

function warnOf(what: string, error: unknown): void {
  warn('LINKTOR_WEBHOOK_DEDUPLICATOR', `the webhook deduplicator ${what}`, error)
}
