// Gives its call up, and a function of the user's hangs: nothing is left to wait for.
import { clientThatHangs } from './hanging.mjs'

const [, , baseUrl, apiKey, what, email, password] = process.argv
const { client, hung } = clientThatHangs(what, { baseUrl, apiKey, email, password })
const controller = new AbortController()
const call = client.get('/me', { signal: controller.signal }).then(
  ({ status }) => status,
  (error) => error.name,
)
await hung
controller.abort()
console.log(await call)
