// Programs of test/programs, each run as a process of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

// V8's young generation would grow by 16 MiB and more under load, whoever makes the garbage.
const FLAGS = ['--expose-gc', '--max-semi-space-size=1']

export const program = (name) => join(import.meta.dirname, 'programs', `${name}.mjs`)

/** Runs a program with the base URL and the API key of `linktor`, and `args`; how it ended, and all it wrote. */
export async function run(sandbox, name, ...args) {
  const { base_urls, credentials } = sandbox
  const told = [program(name), base_urls.linktor, credentials.linktor.api_key, ...args]
  const child = spawn(process.execPath, [...FLAGS, ...told], {
    timeout: Number(process.env.LINKTOR_SOAK_CALLS ?? 0) * 10 + 120_000,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data
    })
  }
  const began = performance.now()
  const [code, signal] = await once(child, 'close')
  return { code, signal, output: output.trim(), took: performance.now() - began }
}
