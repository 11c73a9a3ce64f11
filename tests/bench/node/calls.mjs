// Calls that decode their JSON: how many a second, the CPU time of all threads for 10,000, and memory.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { made, peers } from './peers.mjs'
import { interleaved, median, perSecond, table } from './rounds.mjs'
import { withServer } from './server.mjs'

const COUNTS = { linktor: 8_192, undici: 8_192, fetch: 2_048, axios: 2_048 }
const OTHERS = Object.keys(peers).filter((name) => name !== 'linktor')
const TARGETS = {
  1: { undici: '0.91x or more (1.1x its time)' },
  32: { undici: '1.4x or more', fetch: '3x or more', axios: '4x or more' },
  256: { undici: '1.8x or more', fetch: '3x or more', axios: '4x or more' },
}

export async function calls(server, count) {
  await withServer(server, async (url) => {
    const call = {}
    for (const [name, client] of Object.entries(peers)) call[name] = await client(url)
    const measured = {}
    for (const concurrency of [1, 32, 256]) {
      const runs = Object.entries(call).map(([name, one]) => [name, () => cost(one, COUNTS[name], concurrency)])
      measured[concurrency] = await interleaved(count, Object.fromEntries(runs))
      speed(concurrency, measured[concurrency])
    }
    for (const [concurrency, rounds] of Object.entries(measured)) cpu(concurrency, rounds)
    await memory(url)
  })
}

async function cost(call, count, concurrency) {
  const [started, used] = [performance.now(), process.cpuUsage()]
  await made(call, count, concurrency)
  const seconds = (performance.now() - started) / 1e3
  const { user, system } = process.cpuUsage(used)
  return { rate: count / seconds, cpu: ((user + system) / count) * 1e-2 }
}

function speed(concurrency, rounds) {
  const rate = (name) => perSecond(median(rounds.map((round) => round[name].rate)))
  const rows = OTHERS.map((name) => ({
    name,
    ratios: rounds.map((round) => round.linktor.rate / round[name].rate),
    told: rate(name),
    target: TARGETS[concurrency][name],
  }))
  table(`calls, ${concurrency === 1 ? 'one after the other' : `${concurrency} at once`}: ${rate('linktor')}`, rows)
}

function cpu(concurrency, rounds) {
  const used = (name) => `${median(rounds.map((round) => round[name].cpu)).toFixed(2)} s`
  const rows = OTHERS.map((name) => ({
    name,
    ratios: rounds.map((round) => round.linktor.cpu / round[name].cpu),
    told: used(name),
    target: name === 'undici' ? 'below 1x' : undefined,
  }))
  table(`CPU time of 10,000 calls, ${concurrency} at once: ${used('linktor')}`, rows)
}

/** Each in a process of its own, which knows no other client. */
async function memory(url) {
  console.log('\nresident memory over 10,000 calls, 256 at once')
  for (const name of Object.keys(peers)) {
    const program = ['--expose-gc', join(import.meta.dirname, 'memory.mjs'), name, url]
    const { stdout } = await promisify(execFile)(process.execPath, program)
    const { before, peak, after } = JSON.parse(stdout)
    const told = `peak ${peak.toFixed(1)} MiB, ${after.toFixed(1)} MiB after, ${before.toFixed(1)} MiB before`
    console.log(`  ${name.padEnd(16)} ${told}`)
  }
}
