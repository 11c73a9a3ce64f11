// What is downloaded, and the addon that this process runs.
import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename } from 'node:path'

export function sizes(tarballs) {
  const require = createRequire(import.meta.url)
  require('@linktor/sdk')
  const addon = Object.keys(require.cache).find((path) => path.endsWith('.node'))
  console.log('\nsize')
  tell(addon, 'target 7 MB or less')
  for (const tarball of tarballs) tell(tarball)
}

function tell(path, target = '') {
  const size = `${(statSync(path).size / 1e6).toFixed(2)} MB`
  console.log(`  ${size.padStart(8)} ${basename(path).padEnd(30)} ${target}`.trimEnd())
}
