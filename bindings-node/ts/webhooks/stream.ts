import type { Readable } from 'node:stream'

import { native, translated } from '../native.js'

/**
 * The bytes of a stream; of one that is longer than the limit, the first that exceed it, and the others are read and
 * forgotten, so that the connection serves again.
 * @internal
 */
export async function streamed(stream: Readable, limit: number): Promise<Buffer> {
  return (await collected(stream, limit)) ?? truncated()
}

/**
 * The same of a stream of the web, which is cancelled there.
 * @internal
 */
export async function fetched(stream: ReadableStream<Uint8Array>, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = stream.getReader()
  try {
    while (length <= limit) {
      const { done, value } = await reader.read()
      if (done) break
      chunks.push(value)
      length += value.length
    }
  } catch {
    return truncated()
  }
  if (length > limit) reader.cancel().catch(() => {})
  return Buffer.concat(chunks)
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
