// Counts the instructions of the hot inner functions, and fails if one executes a tenth more than recorded. On a shared
// machine, times mean nothing and instructions do. `--update` records the current counts. Needs valgrind; only counts
// of the same compiler are comparable.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { main, Problem, red } from './lib/console.mjs'
import { root, runQuietly, versionOf } from './lib/run.mjs'

const file = join(root, 'crates/execution-engine/benches/instructions.json')
const pieces = ['lines', 'lines_crlf', 'buffer', 'log', 'redact_none', 'redact_100', 'secrets_100']
const tolerance = 0.1

const build = async () => {
  const args = ['bench', '-p', 'execution-engine', '--features', 'internals', '--bench', 'instructions', '--no-run']
  const output = await runQuietly('cargo', [...args, '--message-format', 'json-render-diagnostics'])
  const built = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
  const program = built.findLast(({ executable, target }) => executable && target?.name === 'instructions')?.executable
  if (!program) throw new Problem('cargo built no program to count.')
  return program
}

const count = async (program, piece) => {
  const quiet = ['--tool=callgrind', '--callgrind-out-file=/dev/null']
  const output = await runQuietly('valgrind', [...quiet, program, piece])
  const [, counted] = /Collected : (\d+)/.exec(output) ?? []
  if (!counted) throw new Problem(`valgrind counted nothing:\n${output}`)
  return Number(counted)
}

await main(async () => {
  const { update } = parseArgs({ options: { update: { type: 'boolean', default: false } } }).values
  if (!versionOf('valgrind', ['--version'])) throw new Problem('Install valgrind: it counts the instructions.')
  const compiler = versionOf('rustc', ['--version'])
  const program = await build()
  const base = await count(program, 'nothing')
  const counts = {}
  for (const piece of pieces) counts[piece] = (await count(program, piece)) - base

  if (update) {
    writeFileSync(file, `${JSON.stringify({ compiler, counts }, null, 2)}\n`)
    console.log(`${pieces.length} counts written`)
    return 0
  }
  const before = JSON.parse(readFileSync(file, 'utf8'))
  const isComparable = before.compiler === compiler
  if (!isComparable) console.log(`counted with ${before.compiler}; this is ${compiler}: shown, not compared`)
  let slower = 0
  for (const piece of pieces) {
    const change = counts[piece] / before.counts[piece] - 1
    const isSlower = change > tolerance
    slower += Number(isSlower)
    const percent = `${change >= 0 ? '+' : ''}${(change * 100).toFixed(1)} %`
    console.log(`${piece.padEnd(12)} ${String(counts[piece]).padStart(12)}  ${isSlower ? red(percent) : percent}`)
  }
  if (slower > 0 && isComparable) throw new Problem('More instructions than before. If that is meant: --update.')
  return 0
})
