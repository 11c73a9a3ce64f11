// A worker thread: `answers` makes calls and posts their names; `hangs` waits for ever, for a server or for a
// function of its own.
import { parentPort, workerData } from 'node:worker_threads'

import { clientThatHangs } from './hanging.mjs'

const { baseUrl, apiKey, email, password, task, thread } = workerData

if (task === 'answers') {
  const { Linktor } = await import('@linktor/sdk')
  const client = new Linktor({ baseUrl, apiKey })
  const names = Array.from({ length: 100 }, (_, at) => `thread ${thread} contact ${at}`)
  const created = await Promise.all(names.map((name) => client.post('/contacts', { json: { name } })))
  parentPort.postMessage(created.every((response, at) => response.data().name === names[at]))
} else {
  const { client, hung } = clientThatHangs(task, { baseUrl, apiKey, email, password })
  for (let at = 0; at < 20; at++) client.get('/me').catch(() => {})
  await hung
  // Keeps the thread, as a function of the user's does that waits for something.
  setInterval(() => {}, 1_000)
  parentPort.postMessage('waiting')
}
