// From a fresh clone to something that runs: checks and builds that the tests and the demo share. A step does nothing
// if its result is newer than its sources.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

import { Problem, step } from './console.mjs'
import { root, runQuietly, versionOf } from './run.mjs'

const changed = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0)

// The newest change in any of these files and folders, relative to the root.
const newest = (paths) =>
  Math.max(
    0,
    ...paths.map((path) => {
      const full = join(root, path)
      if (!existsSync(full)) return 0
      if (!statSync(full).isDirectory()) return changed(full)
      return Math.max(0, ...readdirSync(full, { recursive: true }).map((name) => changed(join(full, name))))
    }),
  )

const crateSources = () => {
  const crates = join(root, 'crates')
  return readdirSync(crates).flatMap((name) => [`crates/${name}/Cargo.toml`, `crates/${name}/src`])
}

const atLeast = (version, minimum) => {
  const [a, b] = [version, minimum].map((text) => text.split('.').map(Number))
  return a[0] !== b[0] ? a[0] > b[0] : (a[1] ?? 0) >= (b[1] ?? 0)
}

// Rust and Node, in the versions that the manifests require; otherwise, what to install.
export const checkTools = ({ node = true } = {}) => {
  const rust = /^rust-version = "(.+)"/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'))?.[1] ?? '1.89'
  const cargo = versionOf('cargo')
  const install = `Rust ${rust} or newer is needed to build the engine: install it from https://rustup.rs`
  if (!cargo) throw new Problem(`cargo was not found on the PATH. ${install}`)
  const found = /\d+\.\d+/.exec(cargo)?.[0] ?? '0'
  if (!atLeast(found, rust)) throw new Problem(`cargo is version ${found}. ${install} (or run \`rustup update\`)`)
  const running = process.versions.node
  if (node && !atLeast(running, '20.19')) {
    throw new Problem(`Node is version ${running}; 20.19 or newer is needed: https://nodejs.org`)
  }
}

export const installPackages = async () => {
  const installed = changed(join(root, 'node_modules/.package-lock.json'))
  if (installed >= changed(join(root, 'package-lock.json')) && installed > 0) return
  await step('npm packages', () => runQuietly('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']))
}

// This platform's addon, as `napi build` names it.
export const addonFile = () =>
  readdirSync(root).find((name) => name.endsWith('.node') && name.includes(`.${process.platform}-${process.arch}`))

export const buildAddon = async () => {
  const sources = newest(['Cargo.toml', 'Cargo.lock', 'build.rs', 'src', 'package.json', ...crateSources()])
  const addon = addonFile()
  if (addon && existsSync(join(root, 'index.js')) && changed(join(root, addon)) >= sources) return
  await step('native addon, not optimized (the first build takes a while)', () =>
    runQuietly('npm', ['run', 'build:debug']),
  )
}

export const buildTypeScript = async () => {
  // `tsc --build` itself detects changes; its records are in the dist folders.
  await step('TypeScript', () => runQuietly('npm', ['run', 'build:ts']))
}

export const prepare = async () => {
  checkTools()
  await installPackages()
  await buildAddon()
  await buildTypeScript()
}
