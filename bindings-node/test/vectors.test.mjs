// Every vector, and how each went: tests/vectors/parity.py reads it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'

import { root } from './sandbox.mjs'
import { useVectors } from './vectors.mjs'

const outcomes = useVectors()

after(() => {
  const folder = join(root, 'target', 'vectors')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'node.json'), JSON.stringify(outcomes))
})
