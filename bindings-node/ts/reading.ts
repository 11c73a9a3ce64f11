/** The bytes of a stream of the web; of one that is longer than `limit`, the first that exceed it, and it is cancelled. */
export async function readTo(reader: ReadableStreamDefaultReader<Uint8Array>, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  while (length <= limit) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks)
    chunks.push(value)
    length += value.byteLength
  }
  // Whatever becomes of the rest.
  reader.cancel().catch(() => {})
  return Buffer.concat(chunks)
}
