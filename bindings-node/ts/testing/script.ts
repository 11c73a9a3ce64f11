/** Which requests take an answer; what is left out matches all. */
export interface Match {
  /** The family's name. */
  family?: string
  /** The method, in upper case. */
  method?: string
  /** The path, as an {@link Entry} has it: `/api/v1/me`. */
  path?: string
}

/**
 * What the sandbox answers instead of its own route. At most one of `body` and `json`, and one of `reset`, `close`,
 * `truncate` and `pass`.
 */
export interface Answer {
  /** The status, 200 to 999. Default: 200, or 302 for a redirect. */
  status?: number
  /** Headers; a list repeats the name. */
  headers?: Readonly<Record<string, string | readonly string[]>>
  /** The body, as text or bytes. */
  body?: string | Uint8Array
  /** The body as JSON, with its `Content-Type` unless the headers have one. */
  json?: unknown
  /** Send the body so many times over. Default: once. */
  repeat?: number
  /** Milliseconds to wait before the answer or the fault. Default: 0. */
  delayMs?: number
  /** Reset the connection instead of answering. */
  reset?: boolean
  /** Close the connection instead of answering. */
  close?: boolean
  /** Announce the whole body, send half of it, then close. */
  truncate?: boolean
  /** The `Location`; a path that starts with `~` is under the family's base. */
  redirect?: string
  /** Let the sandbox's own route answer after all, after `delayMs`. */
  pass?: boolean
  /** Let the sandbox's own route act first, and throw its answer away: the server did it, and nobody was told. */
  act?: boolean
  /** Only requests like this take the answer. Default: any. */
  match?: Match
}

/** An answer as the sandbox reads it. */
export function answerTold({ body, delayMs, ...rest }: Answer): object {
  const delay = delayMs === undefined ? {} : { delay_ms: delayMs }
  if (body === undefined) return { ...rest, ...delay }
  if (!ArrayBuffer.isView(body)) return { ...rest, ...delay, body }
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return { ...rest, ...delay, body_base64: bytes.toString('base64') }
}
