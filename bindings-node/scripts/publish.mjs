// Publishes packed packages in the order given, but for those whose version is published: after a failure it goes on
// where it was. Pre-releases are of the tag `next`.
//   node scripts/publish.mjs <tarball>…
import { execFileSync, spawnSync } from 'node:child_process'
import { resolve } from 'node:path'

for (const tarball of process.argv.slice(2)) {
  const { name, version } = manifestOf(tarball)
  if (isPublished(name, version)) {
    console.log(`${name}@${version} is published`)
    continue
  }
  const tag = version.includes('-') ? 'next' : 'latest'
  execFileSync('npm', ['publish', resolve(tarball), '--provenance', '--access', 'public', '--tag', tag], {
    stdio: 'inherit',
  })
}

function manifestOf(tarball) {
  return JSON.parse(execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }))
}

/** `false` also where the registry does not answer: publishing then fails, and says so. */
function isPublished(name, version) {
  const { stdout } = spawnSync('npm', ['view', `${name}@${version}`, 'version'], { encoding: 'utf8' })
  return stdout.trim() === version
}
