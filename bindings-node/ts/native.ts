import { load } from './addon.js'
import { type ErrorRecord, errorFrom } from './errors.js'
import type { NetworkFailure } from './transport.js'

/** What `src/client.rs` exports. */
export interface NativeClient {
  readonly id: number
  readonly provider: string
  /** Whether all events come up, or only warnings. */
  log(isLogged: boolean): void
  withOrganization(id: string): NativeClient
  withCredentials(options: string): NativeClient
  submit(method: string, path: string, options: string, body: string): number
  submitBytes(method: string, path: string, options: string, body: Uint8Array): number
  submitAuth(call: string): number
  session(): string
  /** See `src/rate_limit.rs`. */
  rateLimit(cls: string | undefined): string | null
  invalidate(): void
  authorizeUrl(scopes: readonly string[], redirectUri: string): string
  cancel(id: number): void
  /** Four values an item: id, state, body, meta. See `src/batch.rs`. */
  drain(): unknown[]
  payload(status: number, body: string): number[] | null
  close(): void
}

/** A verifier, opaque: see `src/webhook.rs`. */
export type NativeVerifier = object & { readonly __verifier: unique symbol }

/** A sender's answer: status, headers, and body. */
export type NativeAnswer = [status: number, headers: [name: string, value: string][], body: string]

/** What `src/webhook.rs` exports. */
export interface NativeDeduplicator {
  begin(id: string): 'new' | 'in_progress' | 'done'
  commit(id: string): void
  release(id: string): void
}

interface Native {
  readonly Client: new (options: string, wake: () => void) => NativeClient
  readonly Deduplicator: new (capacity: number | undefined) => NativeDeduplicator
  answer(question: number, json: string): void
  /** The headers are names and values in turn. */
  answerResponse(question: number, status: number, headers: readonly string[], body: Uint8Array): void
  fail(question: number, message: string): void
  failSending(question: number, message: string, failure: NetworkFailure): void
  forgotten(questions: readonly number[]): number[]
  jwtSign(json: string): string
  jwtVerify(json: string): string
  provider(json: string): string
  webhookVerifier(options: string, secrets: readonly Uint8Array[]): NativeVerifier
  webhookLetGo(verifier: NativeVerifier): void
  webhookHeaderNames(verifier: NativeVerifier): string[]
  webhookVerify(verifier: NativeVerifier, body: Uint8Array, headers: string): string
  webhookReceive(verifier: NativeVerifier, body: Uint8Array, headers: string): [told: string, key: string | null]
  webhookVerifySignature(verifier: NativeVerifier, body: Uint8Array, headers: string): void
  webhookSizeLimit(verifier: NativeVerifier): number
  /** Throws what refuses a delivery before its body is read. */
  webhookAdmit(verifier: NativeVerifier, method: string, headers: string): void
  /** Throws what refuses a body that ended too early. */
  webhookTruncated(): never
  webhookAnswer(begun: string): NativeAnswer
  /** The code is that of the refusal; without one, it was the deduplicator that failed. */
  webhookRefusal(code?: string): NativeAnswer
  webhookIsHandled(status: number): boolean
  webhookSign(options: string, body: Uint8Array, secrets: readonly Uint8Array[]): [name: string, value: string][]
}

export const native = load() as Native

/** Calls into the addon; an error that carries a record becomes the error that it describes. */
export function translated<T>(call: () => T, complete?: (record: ErrorRecord) => ErrorRecord): T {
  try {
    return call()
  } catch (error) {
    throw translate(error, complete)
  }
}

function translate(error: unknown, complete = (record: ErrorRecord) => record): unknown {
  // Of another realm, where a test runner has one of its own.
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'LINKTOR_RECORD' ? errorFrom(complete(JSON.parse(message))) : error
}
