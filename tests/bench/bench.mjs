// The package as users install it against its peers, in one interleaved run against the same server: speed, CPU time,
// memory, start, size.
//
//     node --expose-gc bench.mjs SERVER TARBALL... [--rounds 9] [--only calls|webhook|start]
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, type } from 'node:os'
import { parseArgs } from 'node:util'

import { calls } from './node/calls.mjs'
import { sizes } from './node/sizes.mjs'
import { start } from './node/start.mjs'
import { webhook } from './node/webhook.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '9' }, only: { type: 'string' } },
})
const [server, ...tarballs] = positionals
const rounds = Number(values.rounds)
const parts = {
  calls: () => calls(server, rounds),
  webhook: () => webhook(rounds),
  start: () => {
    start(rounds + 2)
    sizes(tarballs)
  },
}
if (!server || !(rounds >= 1) || (values.only && !Object.hasOwn(parts, values.only))) {
  throw new Error('bench.mjs SERVER TARBALL... [--rounds 9] [--only calls|webhook|start]')
}

const packages = ['@linktor/sdk', 'undici', 'axios'].map((name) => `${name} ${versionOf(name)}`)
console.log(`${cpus().length} x ${cpus()[0].model}, ${type()} ${release()}, load ${loadavg()[0].toFixed(2)}`)
console.log(`Node.js ${process.versions.node}, ${packages.join(', ')}, fetch of undici ${process.versions.undici}`)
console.log(`${today()}; medians of ${rounds} interleaved rounds after one to warm up, and the range of their ratios.`)
for (const [name, part] of Object.entries(parts)) {
  if (!values.only || values.only === name) await part()
}
process.exit()

/** As installed: not every package exports its `package.json`. */
function versionOf(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version
}

function today() {
  return new Date().toISOString().slice(0, 10)
}
