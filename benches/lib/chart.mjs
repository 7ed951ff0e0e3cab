// The chart for the README: the main rows, as bars, in two columns. It has its own background, light or dark, so that
// any page can show it. A viewer without media queries gets the light one.
const [width, gap, padding] = [900, 36, 24]
const column = (width - 2 * padding - gap) / 2
const [label, figures, row, head] = [136, 60, 22, 52]

const panels = [
  {
    id: 'lines',
    title: 'Lines of 80 bytes to a listener',
    unit: 'million lines per second',
    side: 0,
    skip: ['c-drain'],
  },
  { id: 'cpu', title: '500 children with 100 lines/s each', unit: 'CPU cores the host needs', side: 0 },
  { id: 'spawn-64', title: 'Starting programs, 64 at a time', unit: 'ms per program', side: 1 },
  { id: 'latency', title: 'A line every 10 ms from each of 100 children', unit: 'µs until it arrives, p50', side: 1 },
  { id: 'blocked-2048', title: 'Starting a program from a 2 GiB host', unit: 'µs JavaScript is blocked', side: 1 },
]

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

const names = {
  readline: 'Node, readline',
  data: 'Node, split by hand',
  'execa-lines': 'execa, lines',
  'execa-buffered': 'execa, buffered',
  bun: 'Bun',
  tokio: 'tokio (Rust)',
}

const shown = (value) => {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

const barsOf = ({ result, peers, less }, skip = []) =>
  peers
    .filter((peer) => result[peer] && !skip.includes(peer))
    .map((name) => ({ name, value: result[name].value, isEngine: name === peers[0] }))
    .toSorted((a, b) => (less ? a.value - b.value : b.value - a.value))

const drawBar = ({ name, value, isEngine }, most, left, y) => {
  const length = Math.max(2, (value / most) * (column - label - figures))
  const kind = isEngine ? ' class="own"' : ''
  return [
    `<text${kind} x="${left + label - 8}" y="${y + 13}" text-anchor="end">${escape(names[name] ?? name)}</text>`,
    `<rect class="${isEngine ? 'engine' : 'peer'}" x="${left + label}" y="${y + 1}" width="${length.toFixed(1)}" height="16" rx="3"/>`,
    `<text${kind} x="${(left + label + length + 6).toFixed(1)}" y="${y + 13}">${shown(value)}</text>`,
  ].join('\n    ')
}

const drawPanel = ({ title, unit, less, bars }, left, top) => {
  const most = Math.max(...bars.map(({ value }) => value))
  return `<g>
    <text class="title" x="${left}" y="${top + 16}">${escape(title)}</text>
    <text class="unit" x="${left}" y="${top + 33}">${escape(unit)}; ${less ? 'less' : 'more'} is better</text>
    ${bars.map((bar, index) => drawBar(bar, most, left, top + 42 + index * row)).join('\n    ')}
  </g>`
}

const style = `
    .card { fill: #ffffff; stroke: #d0d7de }
    text { fill: #424a53 }
    .title { font-size: 15px; font-weight: 600; fill: #1f2328 }
    .unit { font-size: 12px; fill: #656d76 }
    .own { font-weight: 600; fill: #1f2328 }
    .engine { fill: #d9480f }
    .peer { fill: #a7b3c2 }
    @media (prefers-color-scheme: dark) {
      .card { fill: #0d1117; stroke: #30363d }
      text { fill: #b1bac4 }
      .title, .own { fill: #f0f6fc }
      .unit { fill: #8b949e }
      .engine { fill: #ff8a4c }
      .peer { fill: #4b5868 }
    }
  `

// Nothing, if no row was measured.
export const chart = ({ measured, machine, runs }) => {
  const bottoms = [padding, padding]
  const drawn = []
  for (const { id, title, unit, side, skip } of panels) {
    const scenario = measured.find((one) => one.id === id)
    const bars = scenario ? barsOf(scenario, skip) : []
    if (bars.length === 0) continue
    drawn.push(drawPanel({ title, unit, less: scenario.less, bars }, padding + side * (column + gap), bottoms[side]))
    bottoms[side] += head + bars.length * row + 16
  }
  if (drawn.length === 0) return undefined
  const height = Math.max(...bottoms) + 16
  const about = `${machine.processor}, ${machine.cores} cores; medians of ${runs} ${runs === 1 ? 'run' : 'runs'}, peers alternating; npm run bench`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="13" role="img">
  <title>The engine compared with its peers</title>
  <style>${style}</style>
  <rect class="card" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
  ${drawn.join('\n  ')}
  <text class="unit" x="${padding}" y="${height - 14}">${escape(about)}</text>
</svg>
`
}
