// What is measured: scenario by scenario, with whom, how much, and what must be reached.
// `ratio` is the engine's value by the peer's, or the other way round where less is better: above one is better.
const node = ['readline']
const allLines = [
  'readline',
  'data',
  'execa',
  'execa-lines',
  'execa-buffered',
  'tinyexec',
  'nano-spawn',
  'zx',
  'bun',
  'tokio',
]

export const plan = (isQuick) => {
  const million = isQuick ? 1 : 5
  const lines = million * 1e6
  // They would take minutes: rates are compared, over fewer lines.
  const fewer = Object.fromEntries(
    ['execa', 'execa-lines', 'zx', 'tinyexec', 'nano-spawn'].map((peer) => [peer, { lines: lines / 10 }]),
  )
  return [
    {
      name: 'lines',
      title: `${million} M lines of 80 bytes to a listener`,
      unit: 'M lines/s',
      options: { lines },
      peers: ['engine', ...allLines],
      own: fewer,
      targets: [
        { against: 'readline', ratio: 1.3 },
        { against: 'execa-lines', ratio: 8 },
        { against: 'data', ratio: 0.9, isAim: true },
      ],
    },
    {
      name: 'lines',
      id: 'lines-log',
      title: 'the same, the log written',
      unit: 'M lines/s',
      options: { lines },
      peers: ['engine-log', 'readline'],
      targets: [{ against: 'readline', ratio: 1 }],
    },
    {
      name: 'drain',
      title: 'bytes that nobody listens to',
      unit: 'GB/s',
      options: { lines: lines * 2 },
      peers: ['engine', 'c-drain', 'readline'],
      targets: [{ against: 'c-drain', ratio: 0.8 }],
    },
    {
      name: 'loop-delay',
      title: `event loop’s delay while ${million} M lines stream, p99`,
      unit: 'ms',
      less: true,
      options: { lines },
      peers: ['engine', 'readline', 'data'],
      targets: [{ most: 5 }, { key: 'max', most: 20 }],
    },
    {
      name: 'latency',
      title: 'a line from each of 100 children every 10 ms, p50',
      unit: 'µs',
      less: true,
      options: { children: 100, seconds: isQuick ? 2 : 4 },
      peers: ['engine', ...node],
      targets: [
        { against: 'readline', ratio: 1 },
        { key: 'p99', against: 'readline', ratio: 1 },
      ],
    },
    {
      name: 'spawn',
      id: 'spawn-1',
      title: '/bin/true, one after another',
      unit: 'ms',
      less: true,
      options: { number: isQuick ? 200 : 1000, atOnce: 1 },
      peers: ['engine', 'readline', 'execa', 'tinyexec', 'nano-spawn', 'zx', 'bun'],
      targets: [{ against: 'readline', ratio: 1.2 }],
    },
    {
      name: 'spawn',
      id: 'spawn-64',
      title: '/bin/true, 64 at a time',
      unit: 'ms',
      less: true,
      options: { number: isQuick ? 200 : 1000, atOnce: 64 },
      peers: ['engine', 'readline', 'execa', 'tinyexec', 'nano-spawn', 'zx', 'bun'],
      targets: [{ against: 'readline', ratio: 1.5 }],
    },
    ...[50, 2048].map((touchedMiB) => ({
      name: 'blocked',
      id: `blocked-${touchedMiB}`,
      title: `JavaScript stands still for a start, host of ${touchedMiB} MiB`,
      unit: 'µs',
      less: true,
      options: { number: 100, touchedMiB },
      peers: ['engine', ...node],
      targets: [{ most: 50 }],
    })),
    {
      name: 'memory',
      title: `memory above idle while a child writes ${isQuick ? 1 : 10} GiB`,
      unit: 'MiB',
      less: true,
      options: { gibibytes: isQuick ? 1 : 10 },
      peers: ['engine', ...node],
      runs: isQuick ? 1 : 2,
      targets: [{ most: 30 }],
    },
    {
      name: 'cpu',
      title: 'host’s processor for 500 children of 100 lines/s',
      unit: 'cores',
      less: true,
      options: { children: 500, seconds: isQuick ? 4 : 8 },
      peers: ['engine', ...node],
      runs: isQuick ? 1 : 3,
      targets: [{ against: 'readline', ratio: 1 / 0.6 }],
    },
    {
      name: 'cancel',
      title: 'cancel of a tree of 50, until all are gone',
      unit: 'ms',
      less: true,
      options: { number: isQuick ? 5 : 20, size: 50 },
      peers: ['engine'],
      targets: [{ most: 20 }],
    },
    {
      name: 'held',
      title: 'a finished execution that is remembered',
      unit: 'KiB',
      less: true,
      // Not fewer for a quick look: half a MiB of malloc's free lists, used or not, would be a third of what is measured.
      options: { number: 10_000 },
      peers: ['engine'],
      runs: 1,
      // V8's own memory is not to be counted as ours: a young generation that does not grow meanwhile, and pages that
      // are given back in the collector's call and not at some time by its threads, which was 2 MiB more or less.
      nodeArgs: ['--expose-gc', '--max-semi-space-size=1', '--single-threaded-gc'],
      targets: [{ most: 2 }],
    },
    {
      name: 'require',
      title: 'loading the package',
      unit: 'ms',
      less: true,
      options: {},
      peers: ['engine'],
      targets: [{ most: 15 }, { key: 'megabytes', most: 2.5 }],
    },
  ]
}

const sizes = (name) => [1, 10, 100].map((times) => ({ name, at: `${times}×`, options: { lines: times * 200_000 } }))

// How it scales: the work is the same, spread over more children, or there is more of it.
export const scalePlan = () => {
  const children = [1, 10, 100, 1000]
  const over = (name, options) =>
    children.map((count) => ({ name, at: `${count} children`, options: { ...options, children: count } }))
  return [
    ...over('lines', { lines: 2e6 }),
    ...sizes('lines'),
    ...over('drain', { lines: 4e6 }),
    ...sizes('drain'),
    ...over('loop-delay', { lines: 2e6 }),
    ...over('latency', { seconds: 2 }),
    ...[1, 10, 100, 1000].map((atOnce) => ({
      name: 'spawn',
      at: `${atOnce} at once`,
      options: { number: 1000, atOnce },
    })),
  ]
}
