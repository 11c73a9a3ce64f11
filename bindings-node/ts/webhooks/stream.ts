import type { Readable } from 'node:stream'

import { invalidRequest } from '../errors.js'
import { native, translated } from '../native.js'
import { readTo } from '../reading.js'

/**
 * The bytes of a stream that nobody has read yet.
 * @param eaten what to say where there is none
 * @internal
 */
export function unread(stream: unknown, limit: number, eaten: string): Promise<Buffer> {
  if (!isStream(stream) || stream.readableDidRead) throw invalidRequest(eaten)
  if ((stream.readableEncoding ?? 'utf8') === 'utf8') return streamed(stream, limit)
  throw invalidRequest(
    "the webhook's body is decoded by a setEncoding() of another encoding than UTF-8, and its bytes are gone: call none " +
      'before the receiver reads it',
  )
}

/** @internal */
export function isStream(value: unknown): value is Readable {
  return typeof (value as Readable | null | undefined)?.on === 'function'
}

/**
 * The bytes of a stream of the web, which is cancelled once it is longer than the limit.
 * @internal
 */
export async function fetched(stream: ReadableStream<Uint8Array>, limit: number): Promise<Buffer> {
  const reader = stream.getReader()
  try {
    return await readTo(reader, limit)
  } catch {
    return truncated()
  }
}

/**
 * Of a stream that is longer than the limit, the first that exceed it; the others are read and forgotten, so that the
 * connection serves again.
 */
async function streamed(stream: Readable, limit: number): Promise<Buffer> {
  return (await collected(stream, limit)) ?? truncated()
}

/** Nothing, if it ends too early. */
function collected(stream: Readable, limit: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0
    const finish = (bytes?: Buffer) => {
      stream.off('data', onData)
      stream.resume()
      resolve(bytes)
    }
    const onData = (chunk: Buffer | string) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      chunks.push(bytes)
      length += bytes.length
      if (length > limit) finish(Buffer.concat(chunks))
    }
    if (stream.readableEnded) return resolve(Buffer.alloc(0))
    if (stream.destroyed) return resolve(undefined)
    stream.on('data', onData)
    stream.once('end', () => finish(Buffer.concat(chunks)))
    stream.once('error', () => finish())
    stream.once('close', () => finish())
  })
}

function truncated(): never {
  return translated(() => native.webhookTruncated())
}
