// Puts the addon that cargo built where `ts/addon.ts` looks for it.
import { copyFileSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'

import { ownPlatform, products, root } from './platforms.mjs'

const profile = process.argv[2] ?? 'release'
const [sdk] = products
const folder = join(sdk.folder, 'native')
const addon = join(folder, sdk.file(ownPlatform()))

mkdirSync(folder, { recursive: true })
// Renamed into place: a process that has the old one loaded keeps it.
copyFileSync(
  join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), profile, sdk.built[process.platform]),
  `${addon}.new`,
)
renameSync(`${addon}.new`, addon)
