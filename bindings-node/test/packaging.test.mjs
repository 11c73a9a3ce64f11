// The package as it is published, where nothing else of this tree is.
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, beforeEach, test } from 'node:test'

import { build } from 'esbuild'

import { platforms } from '../scripts/platforms.mjs'
import { gone, root } from './sandbox.mjs'

const own = join(import.meta.dirname, '..')
const { version } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'))
const [addon] = readdirSync(join(own, 'native')).filter((name) => name.endsWith('.node'))
const platform = addon.split('.')[1]
const folder = mkdtempSync(join(tmpdir(), 'linktor-packaging-'))
const modules = join(folder, 'node_modules', '@linktor')
const tarball = join(folder, `linktor-sdk-${version}.tgz`)

before(() => {
  execFileSync(process.execPath, [join(own, 'scripts', 'pack.mjs'), folder], { stdio: 'pipe' })
  for (const name of ['sdk', 'sandbox']) {
    mkdirSync(join(modules, name), { recursive: true })
    const packed = join(folder, `linktor-${name}-${version}.tgz`)
    execFileSync('tar', ['-xzf', packed, '--strip-components=1', '-C', join(modules, name)])
  }
})
beforeEach(() => {
  for (const name of ['sdk', 'sandbox']) rmSync(join(modules, `${name}-${platform}`), { recursive: true, force: true })
})
after(() => rmSync(folder, { recursive: true }))

/** Installs the package of this machine, with what npm finds in its own package.json but for what is given. */
function installPlatform(given = {}) {
  const place = join(modules, `sdk-${platform}`)
  mkdirSync(place)
  const manifest = JSON.parse(readFileSync(join(own, 'npm', platform, 'package.json'), 'utf8'))
  writeFileSync(join(place, 'package.json'), JSON.stringify({ ...manifest, ...given }))
  copyFileSync(join(own, 'native', addon), join(place, manifest.main))
  return join(place, manifest.main)
}

const LOAD = `
  const { Linktor } = require('@linktor/sdk')
  console.log(new Linktor({ apiKey: 'lk_invented' }).provider)`

/** What a program prints to either output. */
function run(text, ...flags) {
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '--eval', text], { cwd: folder, encoding: 'utf8' })
  return stdout + stderr
}

/** The same on a machine that claims to be another. */
function runOn(machine, text = LOAD) {
  const claims = Object.entries(machine).map(([name, value]) => {
    return `Object.defineProperty(process, '${name}', { value: ${JSON.stringify(value)} });`
  })
  return run(claims.join('') + text)
}

test('the package of this machine is what the other finds', () => {
  installPlatform()
  assert.equal(run(LOAD), 'linktor\n')
  const esm = `import { Linktor } from '@linktor/sdk'; console.log(Linktor === require('@linktor/sdk').Linktor)`
  const text = `import { createRequire } from 'node:module'; const require = createRequire(process.cwd() + '/a.js'); ${esm}`
  assert.equal(run(text, '--input-type=module'), 'true\n')
})

test('where it is missing, it is told what to install, and why it may be missing', () => {
  const told = run(LOAD)
  assert.match(told, new RegExp(`finds no native addon for ${platform} with Node\\.js ${process.versions.node}\\.`))
  assert.ok(told.includes(`npm install @linktor/sdk-${platform}@${version}`), told)
  for (const cause of ['--omit=optional', 'another system', 'lockfile', 'musl', 'MODULE_NOT_FOUND']) {
    assert.ok(told.includes(cause), `${cause}: ${told}`)
  }
})

test('one of another version is refused', () => {
  installPlatform({ version: '0.0.9' })
  const told = run(LOAD)
  assert.ok(told.includes(`@linktor/sdk is ${version}, but @linktor/sdk-${platform} is 0.0.9`), told)
  assert.ok(told.includes(`npm install @linktor/sdk-${platform}@${version}`), told)
})

test('one that cannot be loaded is told with its cause', () => {
  writeFileSync(installPlatform(), 'no library')
  const told = run(LOAD)
  assert.match(told, /cannot load its native addon for/)
  assert.match(told, /ERR_DLOPEN_FAILED/)
})

test('the addon is told apart by system, processor and libc', { skip: process.platform !== 'linux' }, () => {
  const musl = join(folder, 'musl')
  writeFileSync(musl, '\x7fELF\0/lib/ld-musl-x86_64.so.1\0')
  const unknown = join(folder, 'unknown')
  writeFileSync(unknown, '\x7fELF\0')
  assert.match(runOn({ arch: 'x64', execPath: musl }), /npm install @linktor\/sdk-linux-x64-musl@/)
  assert.match(runOn({ arch: 'arm64', execPath: musl }), /npm install @linktor\/sdk-linux-arm64-musl@/)
  const reported = (header) => runOn({ arch: 'arm64', execPath: unknown, report: { getReport: null } }, header + LOAD)
  assert.match(
    reported('process.report.getReport = () => ({ header: {} });'),
    /npm install @linktor\/sdk-linux-arm64-musl@/,
  )
  assert.match(
    reported(`process.report.getReport = () => ({ header: { glibcVersionRuntime: '2.36' } });`),
    /npm install @linktor\/sdk-linux-arm64-gnu@/,
  )
  assert.match(runOn({ arch: 'arm64', execPath: '/no/such/file', report: undefined }), /sdk-linux-arm64-gnu@/)
  assert.match(runOn({ platform: 'darwin', arch: 'arm64' }), /npm install @linktor\/sdk-darwin-arm64@/)
  assert.match(runOn({ platform: 'win32', arch: 'x64' }), /npm install @linktor\/sdk-win32-x64-msvc@/)
})

test('a platform without a package is told those that have one', () => {
  for (const machine of [
    { platform: 'freebsd', arch: 'x64' },
    { platform: 'win32', arch: 'ia32' },
  ]) {
    const told = runOn(machine)
    assert.match(told, new RegExp(`has no native addon for ${machine.platform}-${machine.arch}\\S* with Node\\.js`))
    for (const { name } of platforms) assert.ok(told.includes(name), told)
    assert.match(told, /build it from source/)
  }
})

test('the loader, the folders and the published dependencies name the same platforms', () => {
  const names = platforms.map(({ name }) => name)
  const loader = readFileSync(join(modules, 'sdk', 'dist', 'index.js'), 'utf8')
  assert.deepEqual(
    Array.from(loader.matchAll(/require\("@linktor\/sdk-([^"]+)"\)/g), ([, name]) => name),
    names,
  )
  for (const product of ['sdk', 'sandbox']) {
    const { optionalDependencies } = JSON.parse(readFileSync(join(modules, product, 'package.json'), 'utf8'))
    const expected = names.map((name) => [`@linktor/${product}-${name}`, version])
    assert.deepEqual(optionalDependencies, Object.fromEntries(expected))
  }
  execFileSync(process.execPath, [join(own, 'scripts', 'platforms.mjs'), '--check'])
})

test('the tarballs hold what is needed, and no addon', () => {
  const files = (name) => readdirSync(join(modules, name)).sort()
  assert.deepEqual(files('sdk'), ['LICENSE', 'README.md', 'dist', 'package.json'])
  assert.deepEqual(files('sandbox'), ['LICENSE', 'README.md', 'bin.js', 'index.d.ts', 'index.js', 'package.json'])
  const published = JSON.parse(readFileSync(join(modules, 'sdk', 'package.json'), 'utf8'))
  assert.deepEqual(
    [published.scripts, published.devDependencies, published.dependencies],
    [undefined, undefined, undefined],
  )
})

for (const [tool, ...args] of [
  ['publint', 'run', '--strict'],
  ['attw', '--profile', 'node16', '--no-emoji'],
]) {
  test(`${tool} finds nothing`, { timeout: 120_000 }, () => {
    const bin = join(own, 'node_modules', '.bin', tool)
    const { status, stdout, stderr } = spawnSync(bin, [...args, tarball], { cwd: own, encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
  })
}

/** Bundles a program that loads the SDK; gives the file. */
async function bundle(name, options) {
  const outfile = join(folder, name, 'program.cjs')
  const stdin = { contents: LOAD, resolveDir: folder }
  await build({ stdin, outfile, bundle: true, platform: 'node', logLevel: 'silent', ...options })
  return outfile
}

const output = (path) => execFileSync(process.execPath, [path], { stdio: 'pipe', encoding: 'utf8' })

test('a bundle that leaves the packages outside finds them', async () => {
  installPlatform()
  assert.equal(output(await bundle('outside', { external: ['@linktor/*'] })), 'linktor\n')
})

test('a bundle is made where no addon is, and finds the one of where it runs', async () => {
  const path = await bundle('inside', {})
  installPlatform()
  assert.equal(output(path), 'linktor\n')
})

test('a bundle that carries the addon runs where no package is', async () => {
  installPlatform()
  const path = await bundle('carried', { loader: { '.node': 'copy' } })
  rmSync(join(modules, `sdk-${platform}`), { recursive: true })
  assert.equal(output(path), 'linktor\n')
})

/** Installs the sandbox's package of this machine; gives the program. */
function installProgram() {
  const place = join(modules, `sandbox-${platform}`)
  const manifest = readFileSync(join(root, 'tests', 'sandbox', 'npm', platform, 'package.json'), 'utf8')
  const [file] = JSON.parse(manifest).files
  mkdirSync(place)
  writeFileSync(join(place, 'package.json'), manifest)
  copyFileSync(process.env.LINKTOR_SANDBOX, join(place, file))
  return join(place, file)
}

const command = join(modules, 'sandbox', 'bin.js')

test('@linktor/sandbox finds the program of its platform package, or says what to install', () => {
  const text = `console.log(require('@linktor/sandbox').path)`
  const told = run(text)
  assert.match(told, /finds no program for .*npm install -D @linktor\/sandbox-.*--omit=optional/)
  const program = installProgram()
  assert.equal(run(text).trim(), program)
})

test('its command ends as the program does', () => {
  installProgram()
  const told = spawnSync(process.execPath, [command, '--prot'], { encoding: 'utf8' })
  assert.equal(told.status, 2)
  assert.match(told.stderr, /unknown argument `--prot`/)
  const { status, stdout } = spawnSync(process.execPath, [command], { stdio: ['ignore', 'pipe', 'inherit'] })
  assert.equal(status, 0)
  assert.ok(JSON.parse(stdout).url)
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL']) {
  test(`its command takes the program along: ${signal}`, { skip: process.platform === 'win32' }, async () => {
    installProgram()
    // Its standard input stays open when the command has ended.
    const held = spawn('sleep', ['600'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const child = spawn(process.execPath, [command], { stdio: [held.stdout, 'pipe', 'inherit'] })
    try {
      const [line] = await once(createInterface(child.stdout), 'line')
      const { url } = JSON.parse(line)
      assert.equal((await fetch(`${url}/_sandbox`)).status, 200)
      child.kill(signal)
      assert.deepEqual(await once(child, 'exit'), [null, signal])
      await gone(url)
    } finally {
      child.kill('SIGKILL')
      held.kill()
    }
  })
}
