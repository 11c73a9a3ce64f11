// Packs the two packages that users install as they are published, and besides those of a platform, of this machine
// (`own`) or of `all`, whose binaries are there: see place.mjs.
// Prints the names of the tarballs in the order in which they are to be published.
//   node scripts/pack.mjs <folder for the tarballs> [platform]
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import {
  manifestIn,
  optionalDependencies,
  peerDependencies,
  platformsNamed,
  products,
  root,
  written,
} from './platforms.mjs'

const build = join(import.meta.dirname, 'build.mjs')
const [destination, named] = process.argv.slice(2)
mkdirSync(destination, { recursive: true })
for (const product of products) {
  for (const platform of named ? platformsNamed(named) : []) {
    const folder = product.platformFolder(platform)
    const manifest = manifestIn(folder)
    pack(folder, manifest, `# ${manifest.name}\n\n${manifest.description} It comes with that package.\n`)
  }
  const manifest = manifestIn(product.folder)
  pack(product.folder, {
    ...manifest,
    peerDependencies: peerDependencies(manifest),
    // Here alone, not in the clone's package.json: there they would be asked of the registry before they are published.
    optionalDependencies: optionalDependencies(product),
  })
}

function pack(folder, manifest, readme) {
  const stage = mkdtempSync(join(tmpdir(), 'linktor-pack-'))
  try {
    for (const file of manifest.files) {
      if (file === 'dist') execFileSync(process.execPath, [build, join(stage, file)], { stdio: 'inherit' })
      else copyFileSync(join(folder, file), join(stage, file))
    }
    // What comes from another machine may have lost it.
    if (manifest.os) chmodSync(join(stage, manifest.files[0]), 0o755)
    writeFileSync(join(stage, 'package.json'), written({ ...manifest, scripts: undefined, devDependencies: undefined }))
    copyFileSync(join(root, 'LICENSE'), join(stage, 'LICENSE'))
    if (readme) writeFileSync(join(stage, 'README.md'), readme)
    else if (existsSync(join(folder, 'README.md'))) copyFileSync(join(folder, 'README.md'), join(stage, 'README.md'))
    execFileSync('npm', ['pack', '--silent', '--pack-destination', resolve(destination)], {
      cwd: stage,
      shell: process.platform === 'win32',
      stdio: ['ignore', 'inherit', 'inherit'],
    })
  } finally {
    rmSync(stage, { recursive: true })
  }
}
