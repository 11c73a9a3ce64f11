// Makes calls through clients and handles that nothing else holds, while garbage is collected.
import { setTimeout as sleep } from 'node:timers/promises'

import { Linktor } from '@linktor/sdk'

const [, , baseUrl, apiKey] = process.argv
setInterval(gc, 20).unref()

const made = () => new Linktor({ baseUrl, apiKey })
const tokenSource = async () => {
  await sleep(100)
  return 'invented'
}
const first = (await made().get('/me')).status
const second = (await made().withCredentials({ tokenSource }).get('/me')).status
const handle = made().withOrganization('org_1')
await sleep(100)
console.log(first, second, (await handle.get('/me')).status)
