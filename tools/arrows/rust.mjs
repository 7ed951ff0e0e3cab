// The arrows of a Rust crate: which file uses what another file defines. A name that `mod.rs` re-exports leads to the
// file that defines it, so that a folder's `mod.rs` is no node that everything goes through.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

import { readRust } from './rust-source.mjs'

const isFrontPage = (file) => /(?:^|\/)(?:lib|mod|main)\.rs$/.test(file)

/** A module: one file, its contents, and its parent. */
const load = (file, parent) => {
  const module = { file, parent, children: new Map(), ...readRust(readFileSync(file, 'utf8')) }
  const folder = isFrontPage(file) ? dirname(file) : file.replace(/\.rs$/, '')
  for (const { name, files } of module.modules) {
    const usual = [join(folder, `${name}.rs`), join(folder, name, 'mod.rs')].filter((path) => existsSync(path))
    const paths = files.length > 0 ? files.map((path) => join(dirname(file), path)) : usual
    module.children.set(name, [...(module.children.get(name) ?? []), ...paths.map((path) => load(path, module))])
  }
  return module
}

const everyModule = (module) => [module, ...[...module.children.values()].flat().flatMap(everyModule)]

/** The modules that define what `path` means in `module`: several, if each system has its own. */
const resolve = (module, path, root, depth = 0) => {
  const [first, ...rest] = path
  if (first === undefined || first === '*' || depth > 20) return [module]
  const go = (modules, left) => modules.flatMap((next) => resolve(next, left, root, depth + 1))
  if (first === 'self') return go([module], rest)
  if (first === 'super') return go(module.parent ? [module.parent] : [], rest)
  if (module.children.has(first)) return go(module.children.get(first), rest)
  if (module.defines.has(first)) return [module]
  const passedOn = module.uses.filter(({ name, path: used }) => name === first && used.join() !== path.join())
  if (passedOn.length > 0)
    return passedOn.flatMap(({ path: used }) => start(module, [...used, ...rest], root, depth + 1))
  const globs = module.uses.filter(({ name, isPublic }) => name === '*' && isPublic)
  const found = globs.flatMap(({ path: used }) => start(module, used.slice(0, -1), root, depth + 1))
  const defining = found.filter(({ defines }) => defines.has(first))
  return defining.length > 0 ? defining : [module]
}

const start = (module, path, root, depth = 0) => {
  const [first, ...rest] = path
  if (first === 'crate') return resolve(root, rest, root, depth + 1)
  if (first === 'self' || first === 'super' || module.children.has(first)) return resolve(module, path, root, depth + 1)
  // A name defined in this file, such as `os` in `use unix as os`. Anything else belongs to another crate.
  const aliases = depth > 20 ? [] : module.uses.filter((use) => use.name === first && use.path[0] !== first)
  return aliases.flatMap((use) => start(module, [...use.path, ...rest], root, depth + 1))
}

/** Arrows `{ from, to }` between files of the crate, and to other crates by their names, relative to `base`. */
export const rustArrows = (entry, base, crates) => {
  const root = load(entry)
  const arrows = []
  for (const module of everyModule(root)) {
    const from = relative(base, module.file)
    // A `mod.rs` that only re-exports uses nothing.
    const passesOn = isFrontPage(module.file) && module.defines.size === 0
    const used = module.uses.filter(({ isPublic }) => !(isPublic && isFrontPage(module.file)))
    for (const path of [...used.map((use) => use.path), ...module.paths]) {
      if (crates.has(path[0])) arrows.push({ from, to: crates.get(path[0]) })
      for (const target of start(module, path, root)) {
        const isOwnChild = passesOn && everyModule(module).includes(target)
        if (target !== module && !isOwnChild) arrows.push({ from, to: relative(base, target.file) })
      }
    }
    for (const { path } of module.uses) if (crates.has(path[0])) arrows.push({ from, to: crates.get(path[0]) })
  }
  return arrows
}
