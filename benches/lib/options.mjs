// The options of `npm run bench`.
import { parseArgs } from 'node:util'

import { Problem } from '../../tools/lib/console.mjs'

export const help = `Measures the engine beside what a user would pick instead. Linux; needs Rust and a C compiler.

  npm run bench [-- OPTIONS]

  --quick         less of everything, in under two minutes; no table of how it scales
  --only IDS      only these scenarios, by comma: lines,lines-log,drain,loop-delay,latency,cpu,spawn-1,spawn-64,
                  blocked-50,blocked-2048,memory,cancel,held,require
  --scale         the table of how it scales as well (a full run has it); alone with --only none
  --no-scale      leaves it out
  --runs N        runs of each, instead of 5 (--quick: 2)
  --no-build      measures what is built already
  --render        measures nothing: makes table and chart of results/latest.json again
  --write-docs    writes the table into docs/internal/performance.md as well (a full run, or --render)
  --help          this

A full run is written to benches/results/latest.json and chart.svg; any other to partial.json and partial.svg beside
them, which git ignores.
`

export const readOptions = (known) => {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      scale: { type: 'boolean' },
      'no-scale': { type: 'boolean', default: false },
      runs: { type: 'string' },
      'no-build': { type: 'boolean', default: false },
      render: { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { quick: isQuick, only } = values
  const wanted = only?.split(',').filter((id) => id !== 'none')
  const unknown = wanted?.find((id) => !known.includes(id))
  if (unknown !== undefined) throw new Problem(`There is no scenario \`${unknown}\`; there are ${known.join(', ')}.`)
  const runs = Number(values.runs ?? (isQuick ? 2 : 5))
  if (!Number.isInteger(runs) || runs < 1) throw new Problem(`\`--runs ${values.runs}\` is no number of runs.`)
  const isScaled = !values['no-scale'] && (values.scale ?? (!isQuick && !wanted))
  return {
    ...values,
    isQuick,
    wanted,
    runs,
    isScaled,
    isBuilt: values['no-build'],
    docs: values['write-docs'],
    // Results fit to be published: everything, in enough runs, freshly built.
    isFull: !isQuick && !wanted && isScaled && runs >= 5 && !values['no-build'],
  }
}
