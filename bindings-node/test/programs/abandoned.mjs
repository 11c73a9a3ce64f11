// Gives its call up, and its token source hangs: nothing is left to wait for.
import { Linktor } from '@linktor/sdk'

const [, , baseUrl] = process.argv
const client = new Linktor({ baseUrl, tokenSource: () => new Promise(() => {}) })
const error = await client.get('/me', { signal: AbortSignal.timeout(50) }).catch((error) => error)
console.log(error.name)
