// Every vector, and the line that says how they went: .ci/vector-table reads it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'

import { root } from './sandbox.mjs'
import { useVectors } from './vectors.mjs'

const result = useVectors()

after(() => {
  const line = `vectors node: ${result.passed} passed, ${result.failed} failed`
  mkdirSync(join(root, 'target', 'vectors'), { recursive: true })
  writeFileSync(join(root, 'target', 'vectors', 'node.txt'), `${line}\n`)
  console.log(line)
})
