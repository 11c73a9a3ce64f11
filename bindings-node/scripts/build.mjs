// Builds the package: its types as tsc writes them, and the code of each entry in one file, which loads in a third of the
// time that many take.
//   node scripts/build.mjs [folder for what is built]
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const outdir = process.argv[2] ?? join(root, 'dist')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const shared = { absWorkingDir: root, outdir, platform: 'node', target: 'node20', logLevel: 'warning' }
const bundled = { ...shared, bundle: true, define: { PACKAGE_VERSION: JSON.stringify(version) }, keepNames: true }

rmSync(outdir, { recursive: true, force: true })
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
execFileSync(process.execPath, [tsc, '-p', root, '--outDir', outdir], { stdio: 'inherit' })
await build({ ...bundled, entryPoints: ['ts/index.ts'], packages: 'external' })
await build({ ...bundled, entryPoints: ['ts/testing.ts'], plugins: [sdk()] })
const modules = ['ts/esm.mts', 'ts/testing/esm.mts']
await build({ ...shared, entryPoints: modules, outbase: 'ts', format: 'esm', outExtension: { '.js': '.mjs' } })

/** Leaves the client where it is, so that there is one `Linktor`. */
function sdk() {
  return {
    name: 'sdk',
    setup: ({ onResolve }) => {
      onResolve({ filter: /^\.\.\/client\.js$/ }, () => ({ path: './index.js', external: true }))
      onResolve({ filter: /^@linktor\// }, ({ path }) => ({ path, external: true }))
    },
  }
}
