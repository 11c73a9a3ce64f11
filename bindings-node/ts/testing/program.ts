import { SandboxError } from './errors.js'

/** The program that a sandbox runs, and what to do where there is none. */
export interface Program {
  readonly path: string
  readonly missing: string
}

/** `LINKTOR_SANDBOX` of the environment, else that of the package `@linktor/sandbox`, else the one on the `PATH`. */
export function program(): Program {
  const path = process.env.LINKTOR_SANDBOX
  if (path) return { path, missing: `LINKTOR_SANDBOX is ${JSON.stringify(path)}, which is no program` }
  const missing =
    'linktor-sandbox is not installed. Run: npm install -D @linktor/sandbox (or set LINKTOR_SANDBOX to where it is)'
  return { path: packaged() ?? 'linktor-sandbox', missing }
}

function packaged(): string | undefined {
  let found: string
  try {
    // Where this package is a link, the user's own is not above it.
    found = require.resolve('@linktor/sandbox', { paths: [__dirname, process.cwd()] })
  } catch {
    return undefined
  }
  try {
    return require(found).path
  } catch (cause) {
    throw new SandboxError((cause as Error).message, { cause })
  }
}
