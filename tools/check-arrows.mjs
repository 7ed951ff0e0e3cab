// Draws the arrows between files from their imports. Fails if they form a cycle or point up, or if the pictures in
// ARCHITECTURE.md differ: `npm run check:arrows`. `-- --write` redraws the pictures.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { cycles, mermaid, unplaced, upward } from './arrows/graph.mjs'
import { packageOf, packages, moduleOf, modules } from './arrows/order.mjs'
import { rustArrows } from './arrows/rust.mjs'
import { typeScriptArrows } from './arrows/typescript.mjs'
import { main, Problem, red } from './lib/console.mjs'
import { root } from './lib/run.mjs'

const crates = new Map([
  ['execution_engine', 'crates/execution-engine'],
  ['execution_log', 'crates/execution-log'],
])
const npmPackages = new Map([
  ['@escher/execution-engine', 'lib'],
  ['@escher/execution-manager', 'packages/manager'],
  ['@escher/cli', 'packages/cli'],
  ['@escher/testing', 'packages/testing'],
])

const everyArrow = () => [
  ...['src', 'crates/execution-engine/src', 'crates/execution-log/src']
    .map((folder) => join(root, folder, 'lib.rs'))
    .filter((entry) => existsSync(entry))
    .flatMap((entry) => rustArrows(entry, root, crates)),
  ...['lib', 'packages/manager/lib', 'packages/cli/lib'].flatMap((folder) =>
    typeScriptArrows(folder, root, npmPackages),
  ),
]

const document = join(root, 'ARCHITECTURE.md')

/** The text with its flowcharts replaced. */
const withPictures = (text, pictures) => {
  const left = [...pictures]
  return text.replaceAll(/(?<=```mermaid\n)flowchart [^`]*?(?=\n```)/g, (own) => left.shift() ?? own)
}

const shown = ({ from, to }) => `    ${from} → ${to}`

await main(() => {
  const arrows = everyArrow()
  const before = readFileSync(document, 'utf8')
  const drawn = withPictures(before, [mermaid(arrows, packageOf), mermaid(arrows, moduleOf)])
  if (process.argv.includes('--write')) writeFileSync(document, drawn)
  const found = [
    ...cycles(arrows).map(({ folder, cycle }) => `cycle in ${folder || '.'}:\n${cycle.map(shown).join('\n')}`),
    ...[
      [packages, packageOf],
      [modules, moduleOf],
    ].flatMap(([layers, nameOf]) => [
      ...upward(arrows, layers, nameOf).map((arrow) => `points up:\n${shown(arrow)}`),
      ...unplaced(arrows, layers, nameOf).map((name) => `${name} is missing in tools/arrows/order.mjs`),
    ]),
  ]
  if (drawn !== readFileSync(document, 'utf8')) {
    found.push('ARCHITECTURE.md shows other arrows: npm run check:arrows -- --write')
  }
  for (const text of new Set(found)) console.log(`${red('✗')} ${text}`)
  if (found.length > 0) throw new Problem(`${found.length} findings: an arrow points down, and never in a cycle.`)
  console.log(`${arrows.length} arrows, no cycle, none points up`)
  return 0
})
