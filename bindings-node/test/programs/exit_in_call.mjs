// Exits while calls are in flight.
import { Linktor } from '@linktor/sdk'

const [, , baseUrl, apiKey, delay] = process.argv
const client = new Linktor({ baseUrl, apiKey })
for (let at = 0; at < 20; at++) client.get('/me').catch(() => {})
setTimeout(() => process.exit(7), Number(delay))
