// Gives a call up while its session is renewed, and has nothing else to do. The refresh token is used up then.
import { APIClient } from '@linktor/sdk'

const [, , , , how, tokenStore, told] = process.argv
const client = new APIClient({ ...JSON.parse(told), tokenStore })
const options = { aborted: { signal: AbortSignal.timeout(100) }, late: { deadline: 100 } }[how]
if (how === 'closed') setTimeout(() => client.close(), 100)
const error = await client.get('/auth/test', options).catch((error) => error)
console.log(error.name)
