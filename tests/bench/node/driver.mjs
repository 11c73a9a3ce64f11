// Does with one client what it is told on standard input, a line of JSON each, and answers how long it took.
//
//     node --expose-gc driver.mjs CLIENT URL
import { createInterface } from 'node:readline'

import { clients, SECRET } from './clients.mjs'

const [name, url] = process.argv.slice(2)
if (!Object.hasOwn(clients, name ?? '') || !url) {
  throw new Error(`driver.mjs CLIENT URL, the client one of: ${Object.keys(clients).join('; ')}`)
}
const { version, call, verify } = await clients[name](url)
tell({ version })
for await (const line of createInterface({ input: process.stdin })) tell(await done(JSON.parse(line)))
// Connections that are kept alive keep the process too.
process.exit()

async function done(command) {
  const { calls, at_once, verify: deliveries, size } = command
  if (call && calls > 0 && at_once > 0) return at_once === 1 ? inTurn(calls) : together(calls, at_once)
  if (verify && deliveries > 0 && size > 0) return verified(deliveries, size)
  throw new Error(`${name}: there is no way to do ${JSON.stringify(command)}`)
}

async function inTurn(count) {
  const times = new Float64Array(count)
  const told = clock()
  for (let index = 0; index < count; index++) {
    const started = performance.now()
    await succeeded()
    times[index] = performance.now() - started
  }
  const cost = told()
  times.sort()
  const nearest = (percent) => times[Math.ceil((percent / 100) * count) - 1] * 1e3
  return { ...cost, p50_us: nearest(50), p99_us: nearest(99) }
}

/** Each of the workers takes the next call. */
async function together(count, workers) {
  let left = count
  const worker = async () => {
    while (left-- > 0) await succeeded()
  }
  const told = clock()
  await Promise.all(Array.from({ length: workers }, worker))
  return told()
}

async function succeeded() {
  if ((await call()) !== true) throw new Error('not a success')
}

async function verified(count, size) {
  const body = Buffer.from(JSON.stringify({ content: 'x'.repeat(size - '{"content":""}'.length) }))
  const received = await delivery(body)
  const told = clock()
  for (let index = 0; index < count; index++) verify(body, received)
  return { seconds: told().seconds }
}

/** What Node.js gives as `request.headers` of a delivery through a proxy. */
async function delivery(body) {
  const { createHmac } = await import('node:crypto')
  return {
    host: 'app.example.com',
    'user-agent': 'sender/1.0',
    accept: '*/*',
    'accept-encoding': 'gzip, deflate',
    'content-type': 'application/json',
    'content-length': String(body.length),
    'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-proto': 'https',
    'x-request-id': '5b1f0c52-7a7e-4f0e-9d3c-000000000001',
  }
}

/** Starts without the garbage of what was before, and gives what tells the cost since then, of all threads. */
function clock() {
  globalThis.gc()
  const [started, used] = [performance.now(), process.cpuUsage()]
  return () => {
    const seconds = (performance.now() - started) / 1e3
    const { user, system } = process.cpuUsage(used)
    return { seconds, cpu_seconds: (user + system) / 1e6 }
  }
}

function tell(answer) {
  console.log(JSON.stringify(answer))
}
