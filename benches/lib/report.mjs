// One table of everything that was measured.
import { figure, markdown } from './table.mjs'

const also = (one, keys = {}) =>
  Object.entries(keys)
    .filter(([key]) => one[key] !== undefined)
    .map(([key, name]) =>
      /^(p\d+|max|in all)$/.test(name) ? `${name} ${figure(one[key])}` : `${figure(one[key])} ${name}`,
    )

// With the span of all runs, which shows how reliable the figure is.
const ownCell = ({ result, runs, unit, also: keys }) => {
  const [peer] = Object.keys(result)
  const values = runs[peer].map(({ value }) => value)
  const span = values.length > 1 ? ` (${figure(Math.min(...values))}–${figure(Math.max(...values))})` : ''
  return [`${figure(result[peer].value)} ${unit}${span}`, ...also(result[peer], keys)].join(', ')
}

const peerCell = ({ result, peers, missing, also: keys }) => {
  const shown = peers.slice(1).map((peer) => {
    if (missing[peer]) return `${peer} –`
    const more = also(result[peer], keys)
    return `${peer} ${figure(result[peer].value)}${more.length > 0 ? ` (${more.join(', ')})` : ''}`
  })
  return shown.join(', ') || '–'
}

const sign = ({ isMet }) => (isMet ? '✓' : '✗')

const mustCell = (targets) =>
  targets
    .filter(({ must }) => must)
    .map(({ text, must }) => `${sign(must)} ${text} (${must.sign} ${must.bound})`)
    .join('; ')

// The figure stands beside its requirement; an aim without one shows the figure itself.
const aimCell = (targets) =>
  targets
    .filter(({ aim }) => aim)
    .map(
      ({ text, must, aim }) =>
        `${sign(aim)} ${must ? `${aim.sign} ${aim.bound}` : `${text} (${aim.sign} ${aim.bound})`}`,
    )
    .join('; ') || '–'

export const rowOf = (one) => [
  one.title,
  one.result[one.peers[0]] ? ownCell(one) : 'failed',
  peerCell(one),
  mustCell(one.targets),
  aimCell(one.targets),
]

export const mainTable = (measured) =>
  markdown(['scenario', 'engine (all runs)', 'peers', 'must reach', 'aim for'], measured.map(rowOf))

export const factsOf = ({ machine, versions, runs }) =>
  [
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Linux ${machine.kernel}; load before it began ${figure(machine.loadBefore)}. `,
    `Medians of ${runs} ${runs === 1 ? 'run' : 'runs'}, peers alternating; ratios are medians of those within a run.\n\n`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    '.',
  ].join('')
