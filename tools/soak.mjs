// A long-lived host: random real commands, hour after hour. Each result is checked against what must come, and what the
// process holds is counted all the while. `npm run soak -- --minutes 60 [--seed 1]`

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'

import { bold, dim, green, heading, main, Problem, red } from './lib/console.mjs'
import { prepare } from './lib/prepare.mjs'
import { root, versionOf } from './lib/run.mjs'

/** Lanes, each running one command after the other. */
const LANES = 12
/** Until caches and compilers have settled. */
const WARM_UP_MS = 30_000
/** How much more may be held at the end than after the warm-up. */
const MAY_GROW = { memory: 48 * 2 ** 20, descriptors: 4, threads: 4 }

// Mulberry32: the same seed gives the same commands.
const randomFrom = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const sh = (command) => ({ type: 'shell', command })

// Each entry: what runs, and what must come of it.
const kinds = {
  true: { run: (engine) => engine.run('/bin/true'), holds: (r) => r.status === 'completed' && r.stdout === '' },
  exit: {
    run: (engine, n) => engine.run('/bin/sh', ['-c', `exit ${n % 256}`]),
    holds: (r, n) => r.exitCode === n % 256 && (r.status === 'completed') === (n % 256 === 0),
  },
  lines: {
    run: (engine, n) => {
      let lines = 0
      const onEvent = ({ type }) => void (type === 'stdout' && (lines += 1))
      return engine.run('seq', [String(n)], { onEvent }).then((result) => ({ ...result, lines }))
    },
    holds: (r, n) => r.lines === n && r.stdout.endsWith(`${n}\n`),
  },
  flood: {
    run: (engine) => engine.run(sh('yes | head -c 2000000'), { maxOutputSizeBytes: 100_000 }),
    holds: (r) => r.stdoutBytes === 2_000_000 && r.stdoutTruncated && r.stdout.length < 101_000,
  },
  'too much': {
    run: (engine) => engine.run('yes', [], { maxOutputSizeBytes: 1000, oversizedOutput: 'fail_execution' }),
    holds: (r) => r.status === 'failed' && r.error.code === 'OUTPUT_SIZE_EXCEEDED',
  },
  'to a file': {
    run: (engine) => engine.run('seq', ['100000'], { maxOutputSizeBytes: 1000, oversizedOutput: 'stream_to_file' }),
    holds: (r) => readFileSync(r.outputFiles.stdout, 'utf8').endsWith('\n100000\n'),
  },
  'cancelled tree': {
    run: async (engine, n) => {
      const execution = engine.run(sh('trap "" TERM; sleep 1000 & setsid sleep 1000 & sleep 1000'))
      await pause(n % 50)
      execution.cancel()
      return execution
    },
    holds: (r) => r.status === 'cancelled',
  },
  timeout: {
    run: (engine, n) => engine.run('sleep', ['1000'], { timeoutMs: 1 + (n % 100) }),
    holds: (r) => r.status === 'timeout' && r.signal === 'SIGTERM',
  },
  aborted: {
    run: (engine, n) => engine.run('sleep', ['1000'], { signal: AbortSignal.timeout(n % 100) }),
    holds: (r) => r.status === 'cancelled',
  },
  missing: { run: (engine) => engine.run('/no/such/program'), holds: (r) => r.error.code === 'PROGRAM_NOT_FOUND' },
  input: {
    run: (engine, n) => engine.run('wc', ['-c'], { stdin: { text: 'x'.repeat(n) } }),
    holds: (r, n) => Number(r.stdout) === n,
  },
  'pipe left open': {
    run: (engine) => engine.run(sh('sleep 1 & echo left')),
    holds: (r) => r.stdout === 'left\n' && r.outputIncomplete && r.leftoverProcesses.length === 1,
  },
  iterated: {
    run: async (engine, n) => {
      const execution = engine.run('seq', [String(n)])
      let last = ''
      for await (const { text } of execution) last = text
      return { ...(await execution), last }
    },
    holds: (r, n) => r.last === String(n),
  },
  'read back': {
    run: async (engine, n) => {
      const result = await engine.run('seq', [String(1 + (n % 1000))])
      return { ...result, log: await engine.readLogs(result.id) }
    },
    holds: (r) => /\n#end \{.*\}\n$/.test(r.log),
  },
  secret: {
    run: (engine) => engine.run('echo', ['the word is swordfish'], { secrets: ['swordfish'] }),
    holds: (r) => r.stdout === 'the word is ***\n',
  },
  git: { run: (engine) => engine.run('git', ['--version']), holds: (r) => r.stdout.startsWith('git version') },
  node: {
    run: (engine) => engine.run(process.execPath, ['-p', '6 * 7']),
    holds: (r) => r.stdout === '42\n',
  },
}

const inStatus = (field) =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024

// Our zombies, and processes that carry an execution's mark.
const strays = () => {
  const found = { zombies: 0, marked: 0 }
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const [state, parent] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1).split(' ')
      if (state === 'Z' && Number(parent) === process.pid) found.zombies += 1
      if (state !== 'Z' && readFileSync(`/proc/${name}/environ`, 'latin1').includes(mark)) found.marked += 1
    } catch {
      // Gone since it was listed.
    }
  }
  return found
}

const mark = `SOAK_RUN=${process.pid}-${Date.now()}`

const held = () => ({
  memory: inStatus('VmRSS'),
  descriptors: readdirSync('/proc/self/fd').length,
  threads: readdirSync('/proc/self/task').length,
})

const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`
const shown = ({ memory, descriptors, threads }) => `${mib(memory)}, ${descriptors} descriptors, ${threads} threads`

await main(async () => {
  const { minutes, seed } = parseArgs({
    options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
  }).values
  const lastsMs = Number(minutes) * 60_000
  if (!(lastsMs > 0)) throw new Problem('Usage: npm run soak -- [--minutes 60] [--seed 1]')
  if (process.platform !== 'linux') throw new Problem('It counts what a process holds in /proc: Linux only.')
  await prepare()

  const { ExecutionEngine } = createRequire(join(root, 'package.json'))(root)
  const logDir = mkdtempSync(join(tmpdir(), 'execution-engine-soak-'))
  const engine = new ExecutionEngine({
    logDir,
    killGraceMs: 200,
    maxConcurrentExecutions: 8,
    maxRetainedExecutions: 200,
    logRetentionSecs: 60,
    cleanupIntervalSecs: 15,
  })
  const [name, value] = mark.split('=')
  process.env[name] = value
  const available = Object.keys(kinds).filter((kind) => kind !== 'git' || versionOf('git'))
  const random = randomFrom(Number(seed))
  const counts = Object.fromEntries(available.map((kind) => [kind, 0]))
  const wrong = []
  const began = performance.now()
  const state = { isOver: false }
  let warm
  let peak = 0

  const lane = async () => {
    while (!state.isOver && wrong.length < 20) {
      const kind = available[Math.floor(random() * available.length)]
      const n = 1 + Math.floor(random() * 5000)
      try {
        const result = await kinds[kind].run(engine, n)
        if (!kinds[kind].holds(result, n)) wrong.push(`${kind} (${n}): ${JSON.stringify(result).slice(0, 1000)}`)
      } catch (error) {
        wrong.push(`${kind} (${n}): ${error.stack}`)
      }
      counts[kind] += 1
    }
  }
  const watch = async () => {
    for (let round = 1; !state.isOver; round += 1) {
      await pause(Math.min(1000, lastsMs / 10))
      const now = held()
      peak = Math.max(peak, now.memory)
      const since = performance.now() - began
      if (warm === undefined && since > Math.min(WARM_UP_MS, lastsMs / 4)) warm = now
      if (round % 60 === 0) console.log(dim(`  ${Math.round(since / 60_000)} min: ${shown(now)}`))
      state.isOver = since > lastsMs || wrong.length >= 20
    }
  }
  heading(`${minutes} minutes, seed ${seed}`)
  await Promise.all([watch(), ...Array.from({ length: LANES }, lane)])

  globalThis.gc?.()
  await engine.cleanup()
  const after = held()
  await engine.shutdown()
  await pause(2000)
  const left = strays()
  const logs = readdirSync(logDir).length
  rmSync(logDir, { recursive: true, force: true })

  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  heading('What it survived')
  for (const [kind, count] of Object.entries(counts)) console.log(`  ${String(count).padStart(8)}  ${kind}`)
  console.log(`  ${bold(String(total).padStart(8))}  in all, ${Math.round((total / lastsMs) * 1000)} a second`)
  console.log(`\n  after the warm-up  ${shown(warm)}\n  at the end         ${shown(after)}, ${logs} files of logs`)
  console.log(`  peak               ${mib(peak)}`)
  console.log(`  left behind        ${left.zombies} zombies, ${left.marked} processes`)

  const grown = Object.entries(MAY_GROW).filter(([what, most]) => after[what] > warm[what] + most)
  const problems = [
    ...wrong,
    ...grown.map(([what]) => `${what} grew from ${warm[what]} to ${after[what]}`),
    ...(left.zombies + left.marked > 0 ? ['processes were left behind'] : []),
  ]
  for (const problem of problems) console.log(red(`\n  ✗ ${problem}`))
  if (problems.length === 0) console.log(green('\n  ✓ every result was right, and nothing was left'))
  return problems.length === 0 ? 0 : 1
})
