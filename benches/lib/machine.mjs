// The machine and the versions of the measurement.
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'

import { root, versionOf } from '../../tools/lib/run.mjs'

const here = join(import.meta.dirname, '..')

export const machine = () => ({
  processor: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  loadBefore: loadavg()[0],
})

const read = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const packageVersion = (folder) => JSON.parse(read(join(folder, 'package.json')) || '{}').version ?? 'missing'

const lockedVersion = (name) =>
  new RegExp(`name = "${name}"\nversion = "(.+)"`).exec(read(join(here, 'tokio-peer/Cargo.lock')))?.[1] ?? 'missing'

export const versions = () => ({
  engine: packageVersion(root),
  node: process.versions.node,
  ...Object.fromEntries(
    ['execa', 'tinyexec', 'nano-spawn', 'zx', 'bun'].map((name) => [
      name,
      packageVersion(join(here, 'node_modules', name)),
    ]),
  ),
  tokio: lockedVersion('tokio'),
  rustc: /[\d.]+/.exec(versionOf('rustc') ?? '')?.[0] ?? 'missing',
  cc: /\d+\.[\d.]+/.exec(versionOf('cc') ?? '')?.[0] ?? 'missing',
})
