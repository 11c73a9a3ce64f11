// What the README prints holds, under a strict compiler.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const own = join(import.meta.dirname, '..')

/** What the README's reader has: names of his own. */
const READERS = `
  declare const [apiKey, email, password, secret, clientId, clientSecret, callbackUrl]: string[] & { [at: number]: string }
  declare const apiToken: string
  declare const client: import('@linktor/sdk').Linktor
  declare const json: object
  declare const bytes: Uint8Array
  declare const order: { id: string }
  declare const request: { headers: Record<string, string> }
  declare const app: { post(path: string, handler: (request: never, response: never) => unknown): void }
  declare const server: { register(plugin: unknown): Promise<void> }
  declare const redis: { get(key: string): Promise<string | null>; set(key: string, text: string): Promise<unknown> }
  declare const locks: { acquire(key: string): Promise<{ release(): Promise<void> }> }
  declare const vault: { read(name: string, options: { signal: AbortSignal }): Promise<string> }
  declare const metrics: { timing(name: string, milliseconds: number, tags: object): void }
  declare const undici: { fetch(url: string, init: object): Promise<Response> }
  declare const dispatcher: unknown
  declare function handle(data: unknown): Promise<void>
  declare function requeue(seconds: number): void
  declare function save(text: string): Promise<void>
  declare function saved(): Promise<string>
`

test('every block of the README compiles', () => {
  const exported = readFileSync(join(own, 'dist', 'index.d.ts'), 'utf8')
    .replace(/\/\*\*.*?\*\//gs, '')
    .matchAll(/export (?:type )?(?:\* as (\w+)|\{(.*?)\})/gs)
  const names = [...exported].flatMap(
    ([, name, list]) => name ?? list.split(',').map((one) => one.replace('type ', '').trim()),
  )
  const blocks = [...readFileSync(join(own, 'README.md'), 'utf8').matchAll(/^```ts\n(.*?)^```/gms)]
  assert.ok(blocks.length > 10)
  const folder = mkdtempSync(join(tmpdir(), 'linktor-readme-'))
  try {
    mkdirSync(join(folder, 'node_modules', '@linktor'), { recursive: true })
    symlinkSync(own, join(folder, 'node_modules', '@linktor', 'sdk'))
    symlinkSync(join(own, 'node_modules', '@types'), join(folder, 'node_modules', '@types'))
    writeFileSync(join(folder, 'readers.d.ts'), READERS)
    for (const [at, [, block]] of blocks.entries()) {
      const taken = new Set(
        [...block.matchAll(/^import \{(.*)\}/gm)].flatMap(([, list]) => list.split(',').map((one) => one.trim())),
      )
      const given = names.filter((name) => name && !taken.has(name))
      const tests = `import assert from 'node:assert/strict'\nimport { after, test } from 'node:test'`
      const text = [`import { ${given} } from '@linktor/sdk'`, tests, twice(block)].join('\n')
      writeFileSync(join(folder, `block_${at}.mts`), text)
    }
    const options = {
      module: 'nodenext',
      target: 'es2022',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: ['node'],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*'] }))
    execFileSync(process.execPath, [join(own, 'node_modules', 'typescript', 'bin', 'tsc')], {
      cwd: folder,
      encoding: 'utf8',
    })
  } catch (error) {
    assert.fail(error.stdout ?? error)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** A block may show two ways to make a client. */
function twice(block) {
  let made = 0
  return block.replace(/^const client\b/gm, (line) => (made++ === 0 ? line : `const client${made}`))
}
