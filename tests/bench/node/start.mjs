// Milliseconds of loading the package, and of a first client, in fresh processes and measured inside them.
import { execFileSync } from 'node:child_process'
import { KEY } from './peers.mjs'
import { median } from './rounds.mjs'

const CLIENT = `new Linktor({ apiKey: '${KEY}' })`
const PROGRAMS = {
  "require('@linktor/sdk')": { code: "require('@linktor/sdk')", target: '15 ms or less' },
  "import('@linktor/sdk')": { code: "await import('@linktor/sdk')", target: '15 ms or less' },
  'a first client': { before: "const { Linktor } = require('@linktor/sdk')", code: CLIENT },
  "require('undici')": { code: "require('undici')" },
  "require('axios')": { code: "require('axios')" },
}

export function start(count) {
  const times = Object.keys(PROGRAMS).map((name) => [name, []])
  for (let index = 0; index <= count; index++) {
    for (const [name, measured] of times) {
      const time = fresh(PROGRAMS[name])
      if (index > 0) measured.push(time)
    }
  }
  console.log(`\nstart, medians of ${count} fresh processes each`)
  for (const [name, measured] of times) {
    const [range, { target }] = [`(${ms(Math.min(...measured))} to ${ms(Math.max(...measured))})`, PROGRAMS[name]]
    const told = `${ms(median(measured)).padStart(6)} ms ${range.padEnd(15)} ${name.padEnd(24)}`
    console.log(target ? `  ${told} target ${target}` : `  ${told.trimEnd()}`)
  }
}

function fresh({ before = '', code }) {
  const timed = `const started = performance.now(); ${code}; console.log(performance.now() - started); process.exit()`
  const system = code.startsWith('await') ? 'module' : 'commonjs'
  const command = [`--input-type=${system}`, '--eval', `${before}; ${timed}`]
  return Number(execFileSync(process.execPath, command, { cwd: import.meta.dirname, encoding: 'utf8' }))
}

function ms(time) {
  return time.toFixed(1)
}
