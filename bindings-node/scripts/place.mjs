// Puts what cargo built for a platform into that platform's packages.
//   node scripts/place.mjs <platform, or `own`> <folder of cargo: ../target/release>
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'

import { platformsNamed, products } from './platforms.mjs'

const [name, folder] = process.argv.slice(2)
const [platform] = platformsNamed(name)
const [os] = platform.split('-')
for (const { built, file, platformFolder } of products) {
  copyFileSync(join(folder, built[os]), join(platformFolder(platform), file(platform)))
}
