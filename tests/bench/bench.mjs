// Calls through the client against undici.request and fetch, in one interleaved run against the same sandbox.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Linktor } from '@linktor/sdk'
import { Agent, request } from 'undici'

const ROUNDS = 9
const CALLS = 4_000

const sandbox = spawn(process.env.LINKTOR_SANDBOX, { stdio: ['pipe', 'pipe', 'inherit'] })
const [line] = await new Promise((resolve) =>
  createInterface(sandbox.stdout).once('line', (text) => resolve([text])),
)
const ready = JSON.parse(line)
const base = ready.base_urls.linktor
const key = ready.credentials.linktor.api_key
const url = `${base}/me`
const headers = { authorization: `Bearer ${key}`, accept: 'application/json' }
const dispatcher = new Agent({ connections: 128 })
const client = new Linktor({ apiKey: key, baseUrl: base })

const calls = {
  linktor: async () => (await client.get('/me')).json().success,
  undici: async () => (await (await request(url, { headers, dispatcher })).body.json()).success,
  fetch: async () => (await (await fetch(url, { headers })).json()).success,
}

async function rate(call, concurrency) {
  const started = performance.now()
  const worker = async () => {
    for (let index = 0; index < CALLS / concurrency; index++) {
      if ((await call()) !== true) throw new Error('not a success')
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return (CALLS * 1000) / (performance.now() - started)
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]

for (const concurrency of [1, 32]) {
  const rounds = []
  for (let round = 0; round <= ROUNDS; round++) {
    const one = {}
    for (const [name, call] of Object.entries(calls)) one[name] = await rate(call, concurrency)
    if (round > 0) rounds.push(one)
  }
  let report = `node    at ${String(concurrency).padStart(2)}  linktor ${median(rounds.map((one) => one.linktor)).toFixed(0)}/s`
  for (const peer of ['undici', 'fetch']) {
    const ratios = rounds.map((one) => one.linktor / one[peer])
    const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`
    report += `  ${peer} ${median(rounds.map((one) => one[peer])).toFixed(0)}/s ratio ${median(ratios).toFixed(2)} (${range})`
  }
  console.log(report)
}

client.close()
await dispatcher.close()
sandbox.stdin.end()
