// The platforms that there are packages for: the one list, from which their package.json are written.
//   node scripts/platforms.mjs            writes <package>/npm/<platform>/package.json
//   node scripts/platforms.mjs --check    fails where one is not as it would be written
//   node scripts/platforms.mjs --matrix   prints the list for the release workflow
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export const root = join(import.meta.dirname, '..', '..')

/** `name` is what Node.js calls it, with libc or ABI; `target` is what cargo does. */
export const platforms = [
  { name: 'darwin-arm64', target: 'aarch64-apple-darwin', runner: 'macos-15' },
  { name: 'darwin-x64', target: 'x86_64-apple-darwin', runner: 'macos-15-intel' },
  { name: 'linux-arm64-gnu', target: 'aarch64-unknown-linux-gnu', runner: 'ubuntu-24.04-arm' },
  { name: 'linux-arm64-musl', target: 'aarch64-unknown-linux-musl', runner: 'ubuntu-24.04-arm' },
  { name: 'linux-x64-gnu', target: 'x86_64-unknown-linux-gnu', runner: 'ubuntu-24.04' },
  { name: 'linux-x64-musl', target: 'x86_64-unknown-linux-musl', runner: 'ubuntu-24.04' },
  { name: 'win32-arm64-msvc', target: 'aarch64-pc-windows-msvc', runner: 'windows-11-arm' },
  { name: 'win32-x64-msvc', target: 'x86_64-pc-windows-msvc', runner: 'windows-2025' },
]

/** The platform of this machine. */
export function ownPlatform() {
  const machine = `${process.platform}-${process.arch}`
  if (process.platform === 'win32') return `${machine}-msvc`
  if (process.platform !== 'linux') return machine
  return `${machine}-${process.report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl'}`
}

/** What is published with a binary: one package that users install, and one for each platform. */
export const products = [
  {
    name: '@linktor/sdk',
    folder: join(root, 'bindings-node'),
    platformFolder: (platform) => join(root, 'bindings-node', 'npm', platform),
    what: 'The native addon',
    /** What cargo calls it, and what its package does. */
    built: { darwin: 'liblinktor_node.dylib', linux: 'liblinktor_node.so', win32: 'linktor_node.dll' },
    file: (platform) => `linktor.${platform}.node`,
    fields: (file) => ({ main: file }),
  },
  {
    name: '@linktor/sandbox',
    folder: join(root, 'tests', 'sandbox', 'npm'),
    platformFolder: (platform) => join(root, 'tests', 'sandbox', 'npm', platform),
    what: 'The program',
    built: { darwin: 'linktor-sandbox', linux: 'linktor-sandbox', win32: 'linktor-sandbox.exe' },
    file: (platform) => (platform.startsWith('win32') ? 'linktor-sandbox.exe' : 'linktor-sandbox'),
    fields: () => ({}),
  },
]

/** The platforms that an argument names: `own`, `all`, or one of them. */
export function platformsNamed(name) {
  const names = platforms.map((platform) => platform.name)
  if (name === 'all') return names
  const one = name === 'own' ? ownPlatform() : name
  if (!names.includes(one)) throw new Error(`there is no platform ${one}; there are own, all, ${names.join(', ')}`)
  return [one]
}

/** A package.json as it is written. */
export const written = (manifest) => `${JSON.stringify(manifest, null, 2)}\n`

/** The package.json in a folder. */
export const manifestIn = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

/** The packages of all platforms: what npm looks at, to install the one that fits. */
export function optionalDependencies({ name, folder }) {
  return Object.fromEntries(platforms.map((platform) => [`${name}-${platform.name}`, manifestIn(folder).version]))
}

/** The range of the sandbox that an SDK goes with, beside the others that it names. */
export function peerDependencies({ version, peerDependencies }) {
  return peerDependencies && { ...peerDependencies, '@linktor/sandbox': `^${version}` }
}

function platformManifest(product, platform) {
  const { version, license, homepage, repository, engines } = manifestIn(product.folder)
  const [os, cpu, abi] = platform.split('-')
  const libc = { gnu: 'glibc', musl: 'musl' }[abi]
  const file = product.file(platform)
  return {
    name: `${product.name}-${platform}`,
    version,
    description: `${product.what} of ${product.name} for ${platform}.`,
    license,
    homepage,
    repository,
    engines,
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    ...product.fields(file),
    files: [file],
    preferUnplugged: true,
    publishConfig: { access: 'public' },
  }
}

function manifests() {
  return products.flatMap((product) =>
    platforms.map(({ name }) => ({
      folder: product.platformFolder(name),
      text: written(platformManifest(product, name)),
    })),
  )
}

function check() {
  const versions = new Set(products.map(({ folder }) => manifestIn(folder).version))
  if (versions.size > 1) throw new Error(`the packages are of several versions: ${[...versions].join(', ')}`)
  for (const { folder, text } of manifests()) {
    if (written(manifestIn(folder)) !== text) throw new Error(`${folder} is stale: run node scripts/platforms.mjs`)
  }
  for (const { folder } of products) {
    const { version, peerDependencies: named } = manifestIn(folder)
    const expected = peerDependencies({ version, peerDependencies: named })
    if (written({ named }) !== written({ named: expected })) {
      throw new Error(
        `${folder}/package.json has a stale peer: write ${expected['@linktor/sandbox']} for @linktor/sandbox`,
      )
    }
  }
  for (const { platformFolder } of products) {
    for (const entry of readdirSync(platformFolder(''), { withFileTypes: true })) {
      const known = entry.isFile() || platforms.some(({ name }) => name === entry.name)
      if (!known) throw new Error(`${platformFolder(entry.name)} is of no platform: remove it`)
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [how] = process.argv.slice(2)
  if (how === '--check') check()
  else if (how === '--matrix') console.log(JSON.stringify({ include: platforms }))
  else {
    for (const { folder, text } of manifests()) {
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'package.json'), text)
    }
  }
}
