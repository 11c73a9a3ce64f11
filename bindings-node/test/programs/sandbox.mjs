// A process, or a thread, that starts a sandbox and ends in one way or another.
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort } from 'node:worker_threads'

import { Sandbox } from '@linktor/sdk/testing'

const how = process.argv[2]
const sandbox = await Sandbox.start()
await sandbox.client().get('/me')
if (parentPort) parentPort.postMessage(sandbox.url)
else console.log(sandbox.url)
if (how === 'exit') process.exit(3)
if (how === 'throw') throw new Error('as it is meant to')
if (how === 'killed' || how === 'worker') await sleep(60_000)
