// Builds everything that is measured: the engine, its peers, and the producers.
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Problem, step } from '../../tools/lib/console.mjs'
import { addonFile, checkTools, installPackages } from '../../tools/lib/prepare.mjs'
import { root, runQuietly, versionOf } from '../../tools/lib/run.mjs'

const here = join(import.meta.dirname, '..')
const peerTarget = join(root, 'target/tokio-peer')
const tokio = join(peerTarget, 'release/tokio-peer')

const build = async () => {
  checkTools()
  await installPackages()
  // Always, because the current sources are what must be measured.
  await step('native addon, release', () => runQuietly('npm', ['run', 'build']))
  const quiet = ['--no-audit', '--no-fund', '--no-save', '--loglevel=error']
  await step('peers', () => runQuietly('npm', ['install', ...quiet], { cwd: here }))
  const manifest = join(here, 'tokio-peer/Cargo.toml')
  await step('tokio peer', () =>
    runQuietly('cargo', ['build', '--release', '--manifest-path', manifest, '--target-dir', peerTarget]),
  )
}

export const prepare = async ({ isBuilt }) => {
  if (process.platform !== 'linux') throw new Problem('Its producers and counters are made for Linux.')
  if (!versionOf('cc')) throw new Problem('Install a C compiler: the producers are small C programs.')
  if (!isBuilt) await build()
  else if (!addonFile() || !existsSync(join(here, 'node_modules'))) {
    throw new Problem('Nothing is built yet: run it once without `--no-build`.')
  }
  const producers = mkdtempSync(join(tmpdir(), 'execution-engine-producers-'))
  for (const name of ['lines', 'ticks', 'tree', 'drain', 'drain-many']) {
    await runQuietly('cc', ['-O2', '-o', join(producers, name), join(here, 'producers', `${name}.c`)])
  }
  return { producers, programs: { bun: join(here, 'node_modules/bun/bin/bun.exe'), tokio } }
}
