import { load } from './addon.js'
import { type ErrorRecord, errorFrom, type LinktorError } from './errors.js'

/** What `src/client.rs` exports. */
export interface NativeClient {
  readonly id: number
  readonly provider: string
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
  drain(): (number | string | Uint8Array | null)[]
  payload(status: number, body: string): number[] | null
  close(): void
}

/** A verifier, opaque: see `src/webhook.rs`. */
export type NativeVerifier = object & { readonly __verifier: unique symbol }

/** What `src/webhook.rs` exports. */
export interface NativeDeduplicator {
  begin(id: string): 'new' | 'in_progress' | 'done'
  commit(id: string): void
  release(id: string): void
}

interface Native {
  readonly Client: new (options: string, wake: () => void) => NativeClient
  readonly Deduplicator: new (capacity: number | undefined) => NativeDeduplicator
  answer(id: number, json: string): void
  fail(id: number, message: string): void
  jwtSign(json: string): string
  jwtVerify(json: string): string
  webhookVerifier(options: string, secrets: readonly Uint8Array[]): NativeVerifier
  webhookLetGo(verifier: NativeVerifier): void
  webhookHeaderNames(verifier: NativeVerifier): string[]
  webhookVerify(verifier: NativeVerifier, body: Uint8Array, headers: string): string
  webhookVerifySignature(verifier: NativeVerifier, body: Uint8Array, headers: string): void
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

function translate(error: unknown, complete = (record: ErrorRecord) => record): LinktorError | unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'LINKTOR_RECORD') return error
  return errorFrom(complete(JSON.parse(error.message)))
}
