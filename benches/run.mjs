// Compares the engine with its alternatives: `npm run bench [-- --quick]`; `-- --help` lists the options.

import { rmSync } from 'node:fs'

import { dim, green, heading, main, Problem, red, seconds } from '../tools/lib/console.mjs'
import { isMissed, judge } from './lib/judge.mjs'
import { machine, versions } from './lib/machine.mjs'
import { measurePeers } from './lib/measure.mjs'
import { help, readOptions } from './lib/options.mjs'
import { prepare } from './lib/prepare.mjs'
import { rowOf } from './lib/report.mjs'
import { latest, textOf, writeDocs, writeResults } from './lib/results.mjs'
import { measureSeries, seriesRows } from './lib/scale.mjs'
import { scalePlan } from './plan-scale.mjs'
import { plan } from './plan.mjs'

const took = (began) => dim(seconds(performance.now() - began))

const measureScenario = async (scenario, runs, set) => {
  const began = performance.now()
  const measured = { ...scenario, ...(await measurePeers(scenario, runs, set)) }
  measured.targets = judge(scenario, measured)
  const [title, own, others, must] = rowOf(measured)
  const sign = isMissed(measured) ? red('✗') : green('✓')
  console.log(`  ${sign} ${title}: ${own}; ${dim(others)} ${must} ${took(began)}`)
  for (const [peer, why] of Object.entries(measured.missing)) console.log(dim(`      ${peer} is left out: ${why}`))
  return measured
}

const measureScale = async (series, runs, set) => {
  const began = performance.now()
  const measured = await measureSeries(series, runs, set)
  for (const [name, cost, ...values] of seriesRows(measured)) {
    console.log(`  ${name.padEnd(26)} ${cost.padEnd(24)} ${values.map((value) => value.padStart(8)).join(' ')}`)
  }
  console.log(`  ${took(began)}`)
  for (const { at, missing } of measured.points) {
    for (const [peer, why] of Object.entries(missing)) console.log(red(`      ${peer} failed at ${at}: ${why}`))
  }
  return measured
}

const eachOf = async (list, work) => {
  const all = []
  for (const one of list) all.push(await work(one))
  return all
}

const measure = async ({ isQuick, isScaled, wanted, runs, isBuilt }) => {
  heading('Set-up')
  const set = await prepare({ isBuilt })
  try {
    const began = performance.now()
    const about = { machine: machine(), versions: versions(), runs, isQuick }
    const scenarios = plan(isQuick).filter(({ id }) => !wanted || wanted.includes(id))
    heading(`${scenarios.length} scenarios, ${runs} ${runs === 1 ? 'run' : 'runs'} each`)
    const measured = await eachOf(scenarios, (scenario) => measureScenario(scenario, runs, set))
    if (isScaled) heading('How it scales')
    const scaled = await eachOf(isScaled ? scalePlan(isQuick ? 20_000 : undefined) : [], (series) =>
      measureScale(series, runs, set),
    )
    return { ...about, seconds: Math.round((performance.now() - began) / 1000), measured, scaled }
  } finally {
    rmSync(set.producers, { recursive: true, force: true })
  }
}

const show = (results) => {
  console.log(`\n${textOf(results)}`)
  for (const { title, targets } of results.measured) {
    for (const { text, must } of targets) {
      if (must && !must.isMet) console.log(red(`missed: ${title}: ${text} (must be ${must.sign} ${must.bound})`))
    }
  }
}

const hasFailed = ({ peers, missing }) => missing[peers[0]] !== undefined

await main(async () => {
  const options = readOptions(plan(false).map(({ id }) => id))
  if (options.help) {
    console.log(help)
    return 0
  }
  if (options.docs && !options.render && !options.isFull) {
    throw new Problem('Only a full run is written into the documents: without --quick, --only, --no-build, --no-scale.')
  }
  const results = options.render ? latest() : await measure(options)
  show(results)
  const written = await writeResults(results, options.render || options.isFull)
  if (options.docs) await writeDocs(textOf(results))
  console.log(`\nWritten: ${written.join(', ')}${results.seconds ? `; measured in ${results.seconds} s` : ''}`)
  // A missed target is reported but does not fail: the machine may be busy. A failing engine does.
  const points = results.scaled.flatMap(({ peers, points: all }) => all.map((point) => ({ peers, ...point })))
  return [...results.measured, ...points].some(hasFailed) ? 1 : 0
})
