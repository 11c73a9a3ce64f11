// What users' compilers say: the programs in types/, under every resolution, as modules and as scripts.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const own = join(import.meta.dirname, '..')
const programs = join(import.meta.dirname, 'types')
const STRICT = { strict: true, noEmit: true, noUncheckedIndexedAccess: true, skipLibCheck: false, target: 'es2022' }

/** What tsc says of a project with these files. */
function compile(files, options) {
  const folder = mkdtempSync(join(own, 'dist', 'types-'))
  try {
    mkdirSync(join(folder, 'node_modules', '@linktor'), { recursive: true })
    symlinkSync(own, join(folder, 'node_modules', '@linktor', 'sdk'))
    const tsconfig = JSON.stringify({ compilerOptions: { ...STRICT, ...options }, include: ['*'] })
    const all = { ...files, 'package.json': '{}', 'tsconfig.json': tsconfig }
    for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text)
    const tsc = join(own, 'node_modules', 'typescript', 'bin', 'tsc')
    return spawnSync(process.execPath, [tsc], { cwd: folder, encoding: 'utf8' }).stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function programsFor(exact) {
  const names = readdirSync(programs).filter((name) => exact || name !== 'exact.ts')
  const files = names.flatMap((name) => {
    const text = readFileSync(join(programs, name), 'utf8')
    return ['mts', 'cts'].map((kind) => [name.replace(/ts$/, kind), text])
  })
  return Object.fromEntries(files)
}

for (const [module, moduleResolution] of [
  ['node16', 'node16'],
  ['nodenext', 'nodenext'],
  ['preserve', 'bundler'],
]) {
  for (const lib of ['es2022', 'es2023']) {
    for (const exact of [true, false]) {
      test(`types hold under ${moduleResolution}, ${lib}, exact optional properties ${exact}`, () => {
        const options = { module, moduleResolution, lib: [lib], types: ['node'], exactOptionalPropertyTypes: exact }
        assert.equal(compile(programsFor(exact), options), '')
      })
    }
  }
}

const SMALL = `
  import { Linktor, Verifier } from '@linktor/sdk'
  import { Sandbox } from '@linktor/sdk/testing'
  new Verifier('linktor', 'secret').verify('', new Headers())
  export const response = (await Sandbox.start()).client().get('/me') satisfies ReturnType<Linktor['get']>`

test('types need neither those of Node.js, where there are those of the web, nor those of the web', () => {
  const files = { 'small.mts': SMALL }
  const common = { module: 'nodenext' }
  const web = { ...common, types: [], lib: ['es2022', 'esnext.disposable', 'dom', 'dom.iterable'] }
  assert.equal(compile(files, web), '')
  assert.equal(compile(files, { ...common, types: ['node'], lib: ['es2022'] }), '')
  assert.match(compile(files, { ...common, types: [], lib: ['es2022'] }), /Cannot find name '(Headers|AbortSignal)'/)
})

test('await using closes clients and sandboxes', () => {
  const text = `
    import { Linktor } from '@linktor/sdk'
    import { Sandbox } from '@linktor/sdk/testing'
    export async function use() {
      await using sandbox = await Sandbox.start()
      await using client: Linktor = sandbox.client()
      return client.get('/me')
    }`
  const options = { module: 'nodenext', types: ['node'], lib: ['es2022', 'esnext.disposable'] }
  assert.equal(compile({ 'using.mts': text }, options), '')
})
