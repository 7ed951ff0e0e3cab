// The listing of a public API is committed, so that every change is visible and deliberate.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

import { Problem } from './console.mjs'
import { root } from './run.mjs'

const differences = (before, after) => {
  const [old, present] = [before, after].map((text) => text.split('\n'))
  const gone = old.filter((line) => !present.includes(line)).map((line) => `- ${line}`)
  return [...gone, ...present.filter((line) => !old.includes(line)).map((line) => `+ ${line}`)].join('\n')
}

/** Compares the current listing with the committed file, or writes it. `check`: the npm script that does this. */
export const compareListing = (file, present, { check, update }) => {
  const path = join(root, file)
  if (update) writeFileSync(path, present)
  const before = existsSync(path) ? readFileSync(path, 'utf8') : ''
  if (before === present) return
  throw new Problem(
    `The public API is not what ${relative(root, path)} lists. If that is meant: \`npm run ${check} -- --update\`, ` +
      `a line in CHANGELOG.md, and the listing in the same commit.\n\n${differences(before, present)}`,
  )
}
