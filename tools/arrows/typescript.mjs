// The arrows of a TypeScript package: which file imports which, and which package. Types count as much as values.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

import ts from 'typescript'

const sourceOf = (path) =>
  [path.replace(/\.js$/, '.ts'), path.replace(/\.mjs$/, '.mts'), path.replace(/\.js$/, '.d.ts')].find((file) =>
    existsSync(file),
  )

/** Arrows `{ from, to }` between files relative to `base`, and to what `packages` names. */
export const typeScriptArrows = (folder, base, packages) =>
  readdirSync(join(base, folder), { recursive: true })
    .filter((name) => /\.m?ts$/.test(name))
    .flatMap((name) => {
      const file = join(base, folder, name)
      return ts.preProcessFile(readFileSync(file, 'utf8'), true, true).importedFiles.flatMap(({ fileName }) => {
        const from = relative(base, file)
        if (!fileName.startsWith('.')) {
          const [owner, own] = fileName.split('/')
          const to = packages.get(`${owner}/${own}`)
          return to === undefined ? [] : [{ from, to }]
        }
        const target = sourceOf(join(dirname(file), fileName))
        return target === undefined ? [] : [{ from, to: relative(base, target) }]
      })
    })
