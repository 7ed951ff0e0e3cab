// Where results go, and how they are shown.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

import { Problem } from '../../tools/lib/console.mjs'
import { root, runQuietly } from '../../tools/lib/run.mjs'
import { chart } from './chart.mjs'
import { factsOf, mainTable } from './report.mjs'
import { scaleTables } from './scale.mjs'

const folder = join(import.meta.dirname, '../results')
const docs = join(root, 'docs/internal/performance.md')

export const latest = () => {
  try {
    return JSON.parse(readFileSync(join(folder, 'latest.json'), 'utf8'))
  } catch {
    throw new Problem('benches/results/latest.json is not there, or is none: `npm run bench` makes it.')
  }
}

export const textOf = (results) =>
  [
    ...(results.measured.length > 0 ? [mainTable(results.measured)] : []),
    ...scaleTables(results.scaled),
    factsOf(results),
  ].join('\n\n')

// Every single run is in the JSON; a partial run uses other file names. Returns what was written.
export const writeResults = async (results, isFull) => {
  mkdirSync(folder, { recursive: true })
  const [json, svg] = (isFull ? ['latest.json', 'chart.svg'] : ['partial.json', 'partial.svg']).map((name) =>
    join(folder, name),
  )
  writeFileSync(json, `${JSON.stringify(results, null, 2)}\n`)
  // Committed files are formatted like everything else.
  if (isFull) await runQuietly('npx', ['oxfmt', json])
  const drawn = chart(results)
  if (drawn) writeFileSync(svg, drawn)
  return (drawn ? [json, svg] : [json]).map((path) => relative(root, path))
}

export const writeDocs = async (text) => {
  const [before, after] = [/^[\s\S]*<!-- figures -->\n/, /\n<!-- \/figures -->[\s\S]*$/].map(
    (part) => part.exec(readFileSync(docs, 'utf8'))?.[0],
  )
  if (!before || !after) throw new Problem('docs/internal/performance.md has no place for the figures.')
  writeFileSync(docs, `${before}\n${text}\n${after}`)
  await runQuietly('npx', ['oxfmt', docs])
}
