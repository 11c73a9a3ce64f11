// Exits while calls are in flight: so many milliseconds after they began, or once a function of the user's hangs.
import { clientThatHangs } from './hanging.mjs'

const [, , baseUrl, apiKey, delay, what, email, password] = process.argv
const { client, hung } = clientThatHangs(what, { baseUrl, apiKey, email, password })
for (let at = 0; at < 20; at++) client.get('/me').catch(() => {})
await hung
setTimeout(() => process.exit(7), Number(delay))
