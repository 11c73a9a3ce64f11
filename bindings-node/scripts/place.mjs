// Puts what cargo built for a platform into that platform's packages.
//   node scripts/place.mjs linux-x64-gnu target/release
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'

import { products } from './platforms.mjs'

const [platform, folder] = process.argv.slice(2)
const [os] = platform.split('-')
for (const { built, file, platformFolder } of products) {
  copyFileSync(join(folder, built[os]), join(platformFolder(platform), file(platform)))
}
