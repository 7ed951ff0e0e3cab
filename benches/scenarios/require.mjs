// Loading the package with its native part, in milliseconds, and its size in MB.
import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

import { addonFile } from '../../tools/lib/prepare.mjs'

const root = join(import.meta.dirname, '../..')

export const measure = () => {
  const require = createRequire(import.meta.url)
  const began = performance.now()
  const { ExecutionEngine } = require('../..')
  const engine = new ExecutionEngine({ logging: false })
  const value = performance.now() - began
  return { value, megabytes: statSync(join(root, addonFile())).size / 1e6, idle: engine.metrics().running === 0 }
}
