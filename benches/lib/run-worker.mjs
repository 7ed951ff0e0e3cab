// Runs one measurement in a process of its own.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const here = join(import.meta.dirname, '..')
const run = promisify(execFile)

// Peers that are not JavaScript measure themselves.
const drain = (pipeBytes) => ({
  command: ({ producers }, { lines }) => [
    join(producers, 'drain'),
    [String(pipeBytes), join(producers, 'lines'), String(lines)],
  ],
  read: ({ bytes, nanoseconds }, name) => ({
    value: name === 'lines' ? (bytes / 80 / nanoseconds) * 1000 : bytes / nanoseconds,
    seconds: nanoseconds / 1e9,
  }),
})

const native = {
  // The pipe at its default size, and as wide as the engine makes it for a child that fills its reads.
  'c-drain': drain(0),
  'c-drain-wide': drain(256 * 1024),
  // All pipes of a scaling measurement, read by one thread.
  'c-drain-many': {
    command: ({ producers }, { lines, children }) => [
      join(producers, 'drain-many'),
      [join(producers, 'lines'), String(Math.ceil(lines / children)), String(children)],
    ],
    read: (measured) => measured,
  },
  tokio: {
    command: ({ producers, programs }, { lines }) => [programs.tokio, [join(producers, 'lines'), String(lines)]],
    read: (measured) => measured,
  },
}

const commandOf = ({ name, peer, options, nodeArgs = [] }, set) => {
  if (native[peer]) return native[peer].command(set, options)
  const args = ['worker.mjs', name, peer, JSON.stringify(options)]
  return peer === 'bun' ? [set.programs.bun, args] : [process.execPath, [...nodeArgs, ...args]]
}

export const runWorker = async (work, set) => {
  const env = { ...process.env, BENCH_PRODUCERS: set.producers }
  const [program, args] = commandOf(work, set)
  const { stdout } = await run(program, args, { cwd: here, env, maxBuffer: 2 ** 26, timeout: 300_000 })
  const measured = JSON.parse(stdout.trim().split('\n').at(-1))
  return native[work.peer]?.read(measured, work.name) ?? measured
}
