// What is measured, by scenario: the peers, the amounts, the requirements and the targets. The first peer is the
// engine. See `lib/judge.mjs` for targets.
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
  'c-drain',
]
const nodeSpawns = ['child_process', 'execa', 'tinyexec', 'nano-spawn', 'zx']

const lineScenarios = (million) => {
  const lines = million * 1e6
  // They would take minutes. Rates are compared, so fewer lines do.
  const slow = ['execa', 'execa-lines', 'execa-buffered', 'zx', 'tinyexec', 'nano-spawn']
  return [
    {
      name: 'lines',
      title: `${million} M lines of 80 bytes to a listener`,
      unit: 'M lines/s',
      options: { lines },
      peers: ['engine', ...allLines],
      own: Object.fromEntries(slow.map((peer) => [peer, { lines: lines / 10 }])),
      targets: [
        { against: 'readline', atLeast: 1.3, aim: 1.8 },
        { against: 'execa-lines', atLeast: 8, aim: 12 },
        { against: 'data', atLeast: 0.9, isAim: true },
      ],
    },
    {
      name: 'lines',
      id: 'lines-log',
      title: 'the same, with the log (peer: without)',
      unit: 'M lines/s',
      options: { lines },
      peers: ['engine-log', 'readline'],
      targets: [{ against: 'readline', atLeast: 1, aim: 1.3 }],
    },
    {
      name: 'drain',
      title: 'bytes without a listener',
      unit: 'GB/s',
      options: { lines: lines * 4 },
      peers: ['engine', 'c-drain', 'c-drain-wide', 'child_process'],
      targets: [{ against: 'c-drain', atLeast: 0.8, aim: 0.95 }],
    },
    {
      name: 'loop-delay',
      title: `event loop delay while ${million} M lines stream, p99`,
      unit: 'ms',
      less: true,
      also: { max: 'max' },
      options: { lines },
      peers: ['engine', 'readline', 'data'],
      targets: [
        { name: 'ms p99', most: 5 },
        { name: 'ms max', key: 'max', most: 20, aim: 10 },
      ],
    },
  ]
}

const tickScenarios = (isQuick) => {
  const seconds = isQuick ? 1.5 : 3
  const latency = {
    name: 'latency',
    unit: 'µs',
    less: true,
    also: { p99: 'p99', machineBusy: '% busy' },
    options: { children: 100, seconds },
  }
  const cpu = {
    name: 'cpu',
    unit: 'cores',
    less: true,
    also: { machineBusy: '% busy' },
    options: { children: 500, seconds },
  }
  const rivals = { peers: ['engine', 'readline', 'data'] }
  // The host's loop must save a fifth of the time or of the CPU to be worth its code.
  const withoutHostLoop = {
    peers: ['engine', 'engine-no-host-loop'],
    targets: [{ against: 'engine-no-host-loop', share: 0.8, isAim: true }],
  }
  return [
    {
      ...latency,
      ...rivals,
      title: 'a line from each of 100 children every 10 ms, p50',
      targets: [
        { name: 'p50', against: ['readline', 'data'], share: 1, aim: 0.7 },
        { name: 'p99', key: 'p99', against: ['readline', 'data'], share: 1, aim: 0.7 },
      ],
    },
    {
      ...cpu,
      ...rivals,
      title: 'host’s CPU for 500 children with 100 lines/s each',
      targets: [{ against: 'readline', share: 0.6, aim: 0.4 }],
    },
    {
      ...latency,
      ...withoutHostLoop,
      id: 'latency-host-loop',
      title: 'a line from each of 100 children, p50, without the host’s loop beside it',
    },
    {
      ...cpu,
      ...withoutHostLoop,
      id: 'cpu-host-loop',
      title: 'host’s CPU for 500 children, without the host’s loop beside it',
    },
  ]
}

const startScenarios = (isQuick) => [
  ...[1, 64].map((atOnce) => ({
    name: 'spawn',
    id: `spawn-${atOnce}`,
    title: atOnce === 1 ? '/bin/true, one after another' : `/bin/true, ${atOnce} at a time`,
    unit: 'ms',
    less: true,
    options: { number: isQuick ? 150 : 1000, atOnce },
    // They take longest, and zx starts a shell as well. The figure is per program, so fewer do.
    own: Object.fromEntries(['execa', 'zx'].map((peer) => [peer, { number: isQuick ? 75 : 250, atOnce }])),
    peers: ['engine', ...nodeSpawns, 'bun'],
    targets: [{ against: nodeSpawns, atLeast: atOnce === 1 ? 1.2 : 1.5, aim: 2 }],
  })),
  ...[50, 2048].map((touchedMiB) => ({
    name: 'blocked',
    id: `blocked-${touchedMiB}`,
    title: `JavaScript blocked by a spawn, host of ${touchedMiB} MiB`,
    unit: 'µs',
    less: true,
    also: { p99: 'p99', busy: 'in all' },
    options: { number: isQuick ? 50 : 100, touchedMiB },
    // Each takes a tenth of a second.
    own: touchedMiB > 1000 ? { child_process: { number: isQuick ? 5 : 10 } } : {},
    peers: ['engine', 'child_process'],
    targets: [{ name: 'µs', most: 50, aim: 20 }],
  })),
]

const otherScenarios = (isQuick) => [
  {
    name: 'memory',
    title: `memory above idle while a child writes ${isQuick ? 1 : 10} GiB`,
    unit: 'MiB',
    less: true,
    options: { gibibytes: isQuick ? 1 : 10 },
    // It keeps nothing and its memory does not grow, so a tenth is enough.
    own: { child_process: { gibibytes: 1 } },
    peers: ['engine', 'child_process'],
    targets: [{ name: 'MiB', most: 30, aim: 24 }],
  },
  {
    name: 'cancel',
    title: 'cancel of a tree of 50, until all are gone',
    unit: 'ms',
    less: true,
    also: { max: 'max' },
    options: { number: isQuick ? 5 : 10, size: 50 },
    peers: ['engine', 'child_process'],
    targets: [{ name: 'ms', most: 20, aim: 10 }],
  },
  {
    name: 'held',
    title: 'one of 10,000 retained executions',
    unit: 'KiB',
    less: true,
    also: { lookUp: 'µs a look-up', listMs: 'ms the list' },
    // Not fewer with `--quick`: malloc's free lists, half a MiB used or not, would be a third of the figure.
    options: { number: 10_000 },
    peers: ['engine'],
    // V8's own memory must not count as ours. So the young generation does not grow, and freed pages are returned
    // during the collector's call, not later by its threads, which made a difference of 2 MiB.
    nodeArgs: ['--expose-gc', '--max-semi-space-size=1', '--single-threaded-gc'],
    targets: [
      { name: 'KiB', most: 2 },
      { name: 'the look-up among 300', key: 'lookUp', per: 'lookUpFew', most: 2 },
    ],
  },
  {
    name: 'require',
    title: 'loading the package',
    unit: 'ms',
    less: true,
    also: { megabytes: 'MB' },
    options: {},
    peers: ['engine'],
    targets: [
      { name: 'ms', most: 15 },
      { name: 'MB', key: 'megabytes', most: 2.5, aim: 1.5 },
    ],
  },
]

export const plan = (isQuick) =>
  [
    ...lineScenarios(isQuick ? 1 : 5),
    ...tickScenarios(isQuick),
    ...startScenarios(isQuick),
    ...otherScenarios(isQuick),
  ].map((scenario) => Object.assign({ id: scenario.name }, scenario))
