// Runs alone: the resident memory, in MiB, of 10,000 calls of one client.
import { readFileSync } from 'node:fs'

import { made, peers } from './peers.mjs'

const [name, url] = process.argv.slice(2)
const call = await peers[name](url)
const before = resident()
await made(call, 10_000, 256)
globalThis.gc()
console.log(JSON.stringify({ before, peak: highest(), after: resident() }))
process.exit()

function resident() {
  return process.memoryUsage.rss() / 2 ** 20
}

/** `maxRSS` would begin with that of the process that starts this one. */
function highest() {
  return Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
}
