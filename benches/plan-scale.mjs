// How it scales: the same work spread over more children, or more of it from one child. Each series is one line of the
// table. `costs` are the figures it shows; those with `isFlat` may rise by at most half from any point to a later one.
// (They may fall: one child alone keeps two cores less busy than ten.)
const line = { key: 'perLine', unit: 'ns per line', isFlat: true }
const processor = { key: 'cpuPerLine', unit: 'ns of CPU per line', isFlat: true }
const child = { key: 'perChild', unit: 'µs per child', isFlat: true }
const delays = [
  { key: 'p50', unit: 'ms p50' },
  { key: 'value', unit: 'ms p99', most: 5 },
  { key: 'max', unit: 'ms max', most: 20 },
]
const latencies = [
  { key: 'value', unit: 'µs p50' },
  { key: 'p99', unit: 'µs p99' },
  { key: 'max', unit: 'µs max' },
  { key: 'cpuPerLine', unit: 'µs of CPU per line', isFlat: true },
  { key: 'machineBusy', unit: '% of the machine busy' },
]

const counts = [1, 10, 100, 1000]
const times = [1, 10, 100]

export const scalePlan = (base = 100_000) => {
  const over = (id, name, options, costs, peers = ['engine']) => ({
    id,
    name,
    over: 'children',
    peers,
    costs,
    points: counts.map((children) => ({ at: children, options: { ...options, children } })),
  })
  const size = (id, name, options, costs, peers = ['engine'], first = base) => ({
    id,
    name,
    over: 'size',
    peers,
    costs,
    points: times.map((at) => ({ at, options: { ...options, lines: at * first } })),
  })
  return [
    // A peer is measured too, because waking and ending a thousand processes costs the machine something.
    // So many lines that the ends of the first children are a small part of the cost of the others' lines.
    {
      ...over('lines', 'spread', { lines: base * 120 }, [line, processor, child], ['engine', 'readline']),
      own: { readline: { lines: base * 60 } },
    },
    over('lines, log written', 'spread', { lines: base * 120 }, [line, processor, child], ['engine-log']),
    // Here all ends count as the lines' cost. A C program that only reads is measured too.
    {
      ...over(
        'drain',
        'spread',
        { lines: base * 200, isRead: false },
        [line, processor, child],
        ['engine', 'child_process', 'c-drain-many'],
      ),
      floor: 'c-drain-many',
    },
    // A user's defaults: more children keep more output, which is more work but not the lines' cost.
    over(
      'drain, 10 MiB kept of each',
      'spread',
      { lines: base * 50, isRead: false, keptEach: 10 * 2 ** 20 },
      [line, processor].map((cost) => ({ ...cost, isFlat: false })),
    ),
    over('loop-delay', 'loop-delay', { lines: base * 20 }, delays),
    // At 1,000 children the producers alone fill two cores.
    over('latency', 'latency', { seconds: 1.2 }, latencies),
    // And the same number of lines from more children.
    {
      ...over('latency, 10,000 lines/s in total', 'latency', {}, latencies, ['engine', 'readline']),
      points: counts.map((children) => ({
        at: children,
        options: { seconds: 1.2, children, perSecond: 10_000 / children },
      })),
    },
    {
      ...over('spawn, 1,000 at N at once', 'spawn', {}, [child]),
      points: counts.map((atOnce) => ({ at: atOnce, options: { number: 1000, atOnce } })),
    },
    size('lines', 'spread', {}, [line, processor]),
    size('lines, log written', 'spread', {}, [line, processor], ['engine-log']),
    size('drain', 'spread', { isRead: false }, [line, processor]),
    // Long enough for some ticks of the loop.
    size('loop-delay', 'loop-delay', {}, delays, ['engine'], base * 2),
  ]
}
