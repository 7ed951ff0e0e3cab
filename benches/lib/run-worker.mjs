// Runs one measurement in a process of its own.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const here = join(import.meta.dirname, '..')
const run = promisify(execFile)

export const runWorker = async ({ name, peer, options, nodeArgs = [], producers, programs }) => {
  const env = { ...process.env, BENCH_PRODUCERS: producers }
  const settings = { cwd: here, env, maxBuffer: 2 ** 26, timeout: 300_000 }
  if (peer === 'tokio') {
    // Measures itself: it is no JavaScript.
    const { stdout } = await run(programs.tokio, [join(producers, 'lines'), String(options.lines)], settings)
    return JSON.parse(stdout)
  }
  const [program, args] = peer === 'bun' ? [programs.bun, []] : [process.execPath, nodeArgs]
  const { stdout } = await run(program, [...args, 'worker.mjs', name, peer, JSON.stringify(options)], settings)
  return JSON.parse(stdout.trim().split('\n').at(-1))
}
