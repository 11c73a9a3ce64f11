// What a release does: another version, and publishing that goes on after a failure.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, test } from 'node:test'

import { root } from './sandbox.mjs'

const folder = mkdtempSync(join(tmpdir(), 'linktor-release-'))
after(() => rmSync(folder, { recursive: true }))

const SDK = 'bindings-node'
const SANDBOX = join('tests', 'sandbox', 'npm')

/** A clone whose packages are of `version`; gives the folder of the SDK. */
function clone(version, peer) {
  const place = mkdtempSync(join(folder, 'clone-'))
  const kept = ['npm', 'scripts', 'ts', 'package.json', 'README.md', 'tsconfig.json'].map((name) => join(SDK, name))
  for (const name of [...kept, SANDBOX, 'LICENSE']) cpSync(join(root, name), join(place, name), { recursive: true })
  symlinkSync(join(root, SDK, 'node_modules'), join(place, SDK, 'node_modules'))
  for (const name of [SDK, SANDBOX]) {
    const path = join(place, name, 'package.json')
    const manifest = JSON.parse(readFileSync(path, 'utf8'))
    if (name === SDK && peer) manifest.peerDependencies['@linktor/sandbox'] = peer
    writeFileSync(path, JSON.stringify({ ...manifest, version }))
  }
  execFileSync(process.execPath, [join(place, SDK, 'scripts', 'platforms.mjs')])
  return join(place, SDK)
}

const manifestOf = (tarball) => JSON.parse(execFileSync('tar', ['-xzOf', tarball, 'package/package.json']))

test('the SDK goes with the sandbox of its version', () => {
  const sdk = clone('0.2.0-rc.1')
  const tarballs = mkdtempSync(join(folder, 'tarballs-'))
  execFileSync(process.execPath, [join(sdk, 'scripts', 'pack.mjs'), tarballs], { stdio: 'pipe' })
  const { version, peerDependencies } = manifestOf(join(tarballs, 'linktor-sdk-0.2.0-rc.1.tgz'))
  assert.deepEqual([version, peerDependencies['@linktor/sandbox']], ['0.2.0-rc.1', '^0.2.0-rc.1'])
  assert.equal(manifestOf(join(tarballs, 'linktor-sandbox-0.2.0-rc.1.tgz')).peerDependencies, undefined)
})

test('a range that a version leaves behind is told', () => {
  const check = (sdk) =>
    spawnSync(process.execPath, [join(sdk, 'scripts', 'platforms.mjs'), '--check'], { encoding: 'utf8' })
  const { status, stderr } = check(clone('0.2.0'))
  assert.equal(status, 1)
  assert.match(stderr, /write \^0\.2\.0 for @linktor\/sandbox/)
  const right = check(clone('0.2.0', '^0.2.0'))
  assert.equal(right.status, 0, right.stderr)
})

/** Publishes packages to a folder that an `npm` of this test takes for the registry; gives how often it was called. */
function publish(place, packages) {
  const tarballs = packages.map(([name, version]) => {
    const stage = mkdtempSync(join(folder, 'package-'))
    mkdirSync(join(stage, 'package'))
    writeFileSync(join(stage, 'package', 'package.json'), JSON.stringify({ name, version }))
    execFileSync('tar', ['-czf', join(stage, `${name}-${version}.tgz`), '-C', stage, 'package'])
    return join(stage, `${name}-${version}.tgz`)
  })
  const script = join(root, SDK, 'scripts', 'publish.mjs')
  const env = {
    ...process.env,
    PATH: join(place, 'bin') + delimiter + process.env.PATH,
    REGISTRY: join(place, 'registry'),
  }
  return spawnSync(process.execPath, [script, ...tarballs], { env, encoding: 'utf8' })
}

/** As npm does: a version that is there cannot be published; one that is not is an error to look at. */
const NPM = `#!/bin/sh
case $1 in
  view) test -e "$REGISTRY/\${2%@*}-\${2##*@}.tgz" || exit 1; echo "\${2##*@}" ;;
  publish) file=$(basename "$2")
    case $file in *broken*) exit 1 ;; esac
    test ! -e "$REGISTRY/$file" || exit 1
    shift 2; echo "$*" >"$REGISTRY/$file" ;;
esac
`

test('publishing goes on after what is published', { skip: process.platform === 'win32' }, () => {
  const place = mkdtempSync(join(folder, 'registry-'))
  for (const name of ['bin', 'registry']) mkdirSync(join(place, name))
  writeFileSync(join(place, 'bin', 'npm'), NPM, { mode: 0o755 })
  const published = () => readdirSync(join(place, 'registry')).sort()
  const failed = publish(place, [
    ['first', '1.0.0'],
    ['broken', '1.0.0'],
    ['last', '1.0.0'],
  ])
  assert.notEqual(failed.status, 0)
  assert.deepEqual(published(), ['first-1.0.0.tgz'])
  const again = publish(place, [
    ['first', '1.0.0'],
    ['last', '1.0.0'],
    ['last', '1.1.0-rc.1'],
  ])
  assert.equal(again.status, 0, again.stderr)
  assert.match(again.stdout, /^first@1\.0\.0 is published$/m)
  assert.deepEqual(published(), ['first-1.0.0.tgz', 'last-1.0.0.tgz', 'last-1.1.0-rc.1.tgz'])
  const told = (name) => readFileSync(join(place, 'registry', name), 'utf8').trim()
  assert.equal(told('last-1.0.0.tgz'), '--provenance --access public --tag latest')
  assert.equal(told('last-1.1.0-rc.1.tgz'), '--provenance --access public --tag next')
})
