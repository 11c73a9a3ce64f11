import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'

import { VERSION } from './version.js'

/** The platforms that there are packages for. */
const PLATFORMS = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'linux-x64-gnu',
  'linux-x64-musl',
  'win32-arm64-msvc',
  'win32-x64-msvc',
]

/** The addon that was built in this clone, else that of the platform's package, whose version is ours. */
export function load(): unknown {
  const platform = ownPlatform()
  try {
    const own = join(__dirname, '..', 'native', `linktor.${platform}.node`)
    if (existsSync(own)) return require(own)
    checkVersion(platform)
    // Spelt out, so that tools which trace files see them, and in a `try`, so that bundlers let them be missing.
    switch (platform) {
      case 'darwin-arm64':
        return require('@linktor/sdk-darwin-arm64')
      case 'darwin-x64':
        return require('@linktor/sdk-darwin-x64')
      case 'linux-arm64-gnu':
        return require('@linktor/sdk-linux-arm64-gnu')
      case 'linux-arm64-musl':
        return require('@linktor/sdk-linux-arm64-musl')
      case 'linux-x64-gnu':
        return require('@linktor/sdk-linux-x64-gnu')
      case 'linux-x64-musl':
        return require('@linktor/sdk-linux-x64-musl')
      case 'win32-arm64-msvc':
        return require('@linktor/sdk-win32-arm64-msvc')
      case 'win32-x64-msvc':
        return require('@linktor/sdk-win32-x64-msvc')
    }
    throw new Error(`${platform} is not supported`)
  } catch (cause) {
    if (cause instanceof VersionError) throw cause
    throw new Error(advice(platform, cause), { cause })
  }
}

/** The addon is there, but of another version. */
class VersionError extends Error {}

function checkVersion(platform: string): void {
  const name = packageOf(platform)
  const found = versionOf(name)
  if (found === undefined || found === VERSION) return
  throw new VersionError(
    `@linktor/sdk is ${VERSION}, but ${name} is ${found}; they must be of one version. Run: npm install ${name}@${VERSION}`,
  )
}

/** `undefined` where it is not installed: a bundle may have taken its addon along. */
function versionOf(name: string): string | undefined {
  try {
    return require(`${name}/package.json`).version
  } catch {
    return undefined
  }
}

function advice(platform: string, cause: unknown): string {
  const machine = `${platform} with Node.js ${process.versions.node}`
  const source = 'build it from source: npm run build:native:release in bindings-node of the repository'
  if (!PLATFORMS.includes(platform)) {
    const known = PLATFORMS.join(', ')
    return `@linktor/sdk has no native addon for ${machine}; there are packages for ${known}. Use one of them, or ${source}`
  }
  const missing = (cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND'
  return (
    `@linktor/sdk ${missing ? 'finds no' : 'cannot load its'} native addon for ${machine}. ` +
    `Run: npm install ${packageOf(platform)}@${VERSION}. It comes with @linktor/sdk, but not where that was installed ` +
    'with --omit=optional (or --no-optional), with node_modules or a lockfile that another system made, or for another ' +
    `libc than the one it runs on (Alpine's is musl, most others' gnu). Or ${source}`
  )
}

function packageOf(platform: string): string {
  return `@linktor/sdk-${platform}`
}

function ownPlatform(): string {
  const machine = `${process.platform}-${process.arch}`
  if (process.platform === 'linux') return `${machine}-${ownLibc()}`
  return process.platform === 'win32' ? `${machine}-msvc` : machine
}

/** The libc of this process: its loader's name stands at the head of the program, and takes no 5 ms as a report does. */
function ownLibc(): 'gnu' | 'musl' {
  const head = headOf(process.execPath)
  if (head.includes('/ld-musl-')) return 'musl'
  return head.includes('/ld-linux') || reportsGlibc() ? 'gnu' : 'musl'
}

function headOf(path: string): string {
  try {
    const file = openSync(path, 'r')
    try {
      const head = Buffer.alloc(4096)
      return head.toString('latin1', 0, readSync(file, head))
    } finally {
      closeSync(file)
    }
  } catch {
    return ''
  }
}

function reportsGlibc(): boolean {
  // Other runtimes have none.
  const report = process.report as (NodeJS.ProcessReport & { excludeNetwork?: boolean | undefined }) | undefined
  if (!report) return true
  const { excludeNetwork } = report
  // Names of hosts would be asked for.
  report.excludeNetwork = true
  try {
    const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } }
    return header?.glibcVersionRuntime !== undefined
  } finally {
    report.excludeNetwork = excludeNetwork
  }
}
