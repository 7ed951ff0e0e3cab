// Measures the engine beside what a user would pick instead: `npm run bench [-- --quick] [--only lines,spawn-1]
// [--scale] [--write-docs]`. Peers alternate within a run; what is shown are medians, and ratios of medians.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { dim, green, heading, main, Problem, red, step } from '../scripts/lib/console.mjs'
import { checkTools, installPackages } from '../scripts/lib/prepare.mjs'
import { root, runQuietly, versionOf } from '../scripts/lib/run.mjs'
import { barChart } from './lib/chart.mjs'
import { runWorker } from './lib/run-worker.mjs'
import { medians } from './lib/stats.mjs'
import { figure, markdown } from './lib/table.mjs'
import { plan, scalePlan } from './plan.mjs'

const here = import.meta.dirname
const peerTarget = join(root, 'target/tokio-peer')

const prepare = async () => {
  checkTools()
  if (process.platform !== 'linux') throw new Problem('Its producers and counters are made for Linux.')
  if (!versionOf('cc')) throw new Problem('Install a C compiler: the producers are small C programs.')
  await installPackages()
  // Always: what is measured must be what is here.
  await step('native addon, release', () => runQuietly('npm', ['run', 'build']))
  const quiet = ['--no-audit', '--no-fund', '--no-save', '--loglevel=error']
  await step('peers', () => runQuietly('npm', ['install', ...quiet], { cwd: here }))
  await step('tokio peer', () =>
    runQuietly('cargo', [
      'build',
      '--release',
      '--manifest-path',
      join(here, 'tokio-peer/Cargo.toml'),
      '--target-dir',
      peerTarget,
    ]),
  )
  const producers = mkdtempSync(join(tmpdir(), 'execution-engine-producers-'))
  for (const name of ['lines', 'ticks', 'tree', 'drain']) {
    await runQuietly('cc', ['-O2', '-o', join(producers, name), join(here, 'producers', `${name}.c`)])
  }
  const bun = join(here, 'node_modules/bun/bin/bun.exe')
  return { producers, programs: { bun, tokio: join(peerTarget, 'release/tokio-peer') } }
}

const measureScenario = async (scenario, runs, set) => {
  const values = Object.fromEntries(scenario.peers.map((peer) => [peer, []]))
  const missing = {}
  for (let run = 0; run < (scenario.runs ?? runs); run += 1) {
    for (const peer of scenario.peers) {
      if (missing[peer]) continue
      const options = { ...scenario.options, ...scenario.own?.[peer] }
      try {
        values[peer].push(await runWorker({ ...scenario, peer, options, ...set }))
      } catch (error) {
        // The engine must not fail; a peer that does is left out, and said so.
        if (peer.startsWith('engine')) throw error
        missing[peer] = String(error.stderr || error.message)
          .trim()
          .split('\n')
          .at(-1)
      }
    }
  }
  const result = Object.fromEntries(
    Object.entries(values)
      .filter(([, all]) => all.length > 0)
      .map(([peer, all]) => [peer, medians(all)]),
  )
  return {
    id: scenario.id ?? scenario.name,
    title: scenario.title,
    unit: scenario.unit,
    less: scenario.less ?? false,
    result,
    missing,
    targets: judge(scenario, result),
  }
}

// Whether what must be reached was.
const judge = ({ targets = [], peers, less }, result) =>
  targets.map(({ against, ratio, most, key = 'value', isAim = false }) => {
    const own = result[peers[0]][key]
    if (most !== undefined)
      return { text: `${key === 'value' ? '' : `${key} ${figure(own)}, `}at most ${most}`, isMet: own <= most, isAim }
    const other = result[against]?.[key]
    const reached = less ? other / own : own / other
    return {
      text: `${key === 'value' ? '' : `${key}: `}${figure(reached)}× ${against} (≥ ${figure(ratio)})`,
      reached,
      isMet: reached >= ratio,
      isAim,
    }
  })

const sign = ({ isMet, isAim }) => (isMet ? '✓' : isAim ? '(✗)' : '✗')

const rowOf = ({ title, unit, result, targets }) => {
  const [engine, ...others] = Object.entries(result)
  const shown = others.map(([peer, { value }]) => `${peer} ${figure(value)}`).join(', ')
  return [
    title,
    unit,
    figure(engine[1].value),
    shown || '–',
    targets.map((target) => `${sign(target)} ${target.text}`).join('; '),
  ]
}

const rest = (value) => (value === undefined ? '' : figure(value))

const machine = () => ({
  processor: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  node: process.version,
  rust: versionOf('rustc'),
})

const writeDocs = (text) => {
  const file = join(root, 'docs/performance.md')
  const [before, after] = [/^[\s\S]*<!-- figures -->\n/, /\n<!-- \/figures -->[\s\S]*$/].map(
    (part) => part.exec(readFileSync(file, 'utf8'))?.[0],
  )
  if (!before || !after) throw new Problem('docs/performance.md has no place for the figures.')
  writeFileSync(file, `${before}\n${text}\n${after}`)
}

await main(async () => {
  const {
    quick,
    only,
    scale,
    runs,
    'write-docs': docs,
  } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      scale: { type: 'boolean' },
      runs: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
    },
  }).values
  heading('Set-up')
  const set = await prepare()
  try {
    const wanted = only?.split(',')
    const scenarios = plan(quick).filter(({ id, name }) => !wanted || wanted.includes(id ?? name))
    const times = Number(runs ?? (quick ? 1 : 5))
    heading(`${scenarios.length} scenarios, ${times} ${times === 1 ? 'run' : 'runs'} each`)
    const measured = []
    for (const scenario of scenarios) {
      const one = await measureScenario(scenario, times, set)
      measured.push(one)
      const [, , own, others, targets] = rowOf(one)
      const isMissed = one.targets.some(({ isMet, isAim }) => !isMet && !isAim)
      console.log(`  ${isMissed ? red('✗') : green('✓')} ${one.title}: ${own} ${one.unit} ${dim(others)} ${targets}`)
      for (const [peer, why] of Object.entries(one.missing)) console.log(dim(`      ${peer} is left out: ${why}`))
    }
    const scaled = []
    if (scale ?? (!quick && !wanted)) {
      heading('How it scales')
      for (const { name, at, options } of scalePlan()) {
        const peer = 'engine'
        const all = []
        for (let run = 0; run < (quick ? 1 : 3); run += 1) all.push(await runWorker({ name, peer, options, ...set }))
        const { value, perItem, p99, max } = medians(all)
        scaled.push({ name, at, value, perItem, p99, max })
        console.log(
          `  ${name.padEnd(12)} ${at.padEnd(14)} ${figure(value)}${perItem ? dim(`  ${figure(perItem)} ns each`) : ''}`,
        )
      }
    }

    const table = markdown(['scenario', 'unit', 'engine', 'peers', 'must reach'], measured.map(rowOf))
    const scaleTable =
      scaled.length > 0
        ? markdown(
            ['scenario', 'at', 'value', 'ns each', 'p99', 'max'],
            scaled.map(({ name, at, value, perItem, p99, max }) => [
              name,
              at,
              figure(value),
              rest(perItem),
              rest(p99),
              rest(max),
            ]),
          )
        : ''
    const about = machine()
    const facts = `${about.processor}, ${about.cores} cores, ${about.memoryGiB} GiB, Linux ${about.kernel}, Node ${about.node}; medians of ${times} ${times === 1 ? 'run' : 'runs'}, peers alternating.`
    console.log(`\n${table}\n${scaleTable && `\n${scaleTable}\n`}\n${facts}`)

    mkdirSync(join(here, 'results'), { recursive: true })
    writeFileSync(
      join(here, 'results/latest.json'),
      `${JSON.stringify({ machine: about, runs: times, quick, measured, scaled }, null, 2)}\n`,
    )
    const lines = measured.find(({ id }) => id === 'lines')
    if (lines) {
      const bars = Object.entries(lines.result)
        .map(([name, { value }]) => ({ name, value, isEngine: name === 'engine' }))
        .toSorted((a, b) => b.value - a.value)
      writeFileSync(join(here, 'results/lines.svg'), barChart({ title: lines.title, unit: lines.unit, bars }))
    }
    if (docs) writeDocs(`${table}\n\n${scaleTable && `${scaleTable}\n\n`}${facts}`)
    const missed = measured.flatMap(({ title, targets }) =>
      targets.filter(({ isMet, isAim }) => !isMet && !isAim).map(({ text }) => `${title}: ${text}`),
    )
    for (const one of missed) console.log(red(`missed: ${one}`))
    // A target that is missed is told, and no failure: the machine may be busy.
    return 0
  } finally {
    rmSync(set.producers, { recursive: true, force: true })
  }
})
