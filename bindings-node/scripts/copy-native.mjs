// Puts the addon that cargo built where `ts/native.ts` looks for it.
import { copyFileSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'

const profile = process.argv[2] ?? 'release'
const root = join(import.meta.dirname, '..', '..')
const built = { darwin: 'liblinktor_node.dylib', win32: 'linktor_node.dll' }[process.platform] ?? 'liblinktor_node.so'
const libc =
  process.platform === 'linux' ? (process.report.getReport().header.glibcVersionRuntime ? '-gnu' : '-musl') : ''
const folder = join(import.meta.dirname, '..', 'native')
const addon = join(folder, `linktor.${process.platform}-${process.arch}${libc}.node`)

mkdirSync(folder, { recursive: true })
// Renamed into place: a process that has the old one loaded keeps it.
copyFileSync(join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), profile, built), `${addon}.new`)
renameSync(`${addon}.new`, addon)
