// Makes one call, prints its status, and has nothing left to do.
import { Linktor } from '@linktor/sdk'

const [, , baseUrl, apiKey] = process.argv
const client = new Linktor({ baseUrl, apiKey })
console.log((await client.get('/me')).status)
