const { dirname, join } = require('node:path')

const { platform, arch } = process
// That of musl is linked statically, and runs on every Linux; npm installs the one that fits.
const ABIS = { linux: ['-musl', '-gnu'], win32: ['-msvc'] }
const candidates = (ABIS[platform] ?? ['']).map((abi) => `@linktor/sandbox-${platform}-${arch}${abi}`)

exports.path = find()

function find() {
  const causes = []
  for (const name of candidates) {
    try {
      const folder = dirname(require.resolve(`${name}/package.json`))
      return join(folder, platform === 'win32' ? 'linktor-sandbox.exe' : 'linktor-sandbox')
    } catch (cause) {
      causes.push(cause)
    }
  }
  throw new Error(
    `@linktor/sandbox finds no program for ${platform}-${arch}. Run: npm install -D ${candidates.at(-1)}. It comes with ` +
      '@linktor/sandbox, but not where that was installed with --omit=optional, or with node_modules or a lockfile that ' +
      'another system made. Or build it from source, cargo build -p linktor-sandbox, and set LINKTOR_SANDBOX to where it is',
    { cause: new AggregateError(causes) },
  )
}
