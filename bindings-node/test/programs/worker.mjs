// A worker thread: `answers` makes calls and posts their names; `hangs` waits for ever.
import { parentPort, workerData } from 'node:worker_threads'

import { Linktor } from '@linktor/sdk'

const { baseUrl, apiKey, task, thread } = workerData
const client = new Linktor({ baseUrl, apiKey })

if (task === 'hangs') {
  for (let at = 0; at < 20; at++) client.get('/me').catch(() => {})
  parentPort.postMessage('waiting')
} else {
  const names = Array.from({ length: 100 }, (_, at) => `thread ${thread} contact ${at}`)
  const created = await Promise.all(names.map((name) => client.post('/contacts', { json: { name } })))
  parentPort.postMessage(created.every((response, at) => response.data().name === names[at]))
}
