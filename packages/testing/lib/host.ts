// A small program of its own that uses the engine: for what ends, or disturbs, the process it happens in.

import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../../..')

const head = `
import { ExecutionEngine, ExecutionEngineError, ExecutionError } from '@escher/execution-engine'
const tell = (value) => require('node:fs').writeSync(1, JSON.stringify(value) + '\\n')
import { createRequire } from 'node:module'
const require = createRequire(process.cwd() + '/')
const forever = [process.execPath, ['-e', 'setInterval(() => {}, 1000)']]
`

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  /** What it told, a JSON value a line. */
  told: unknown[]
  stderr: string
  durationMs: number
}

/** Runs a program (an ES module); \`logDir\` is where its engines log. */
export const runHost = (
  code: string,
  logDir: string,
  onTold: (value: unknown, pid: number) => void = () => {},
  patienceMs = 60_000,
) => {
  const began = performance.now()
  const source = `${head}\nconst logDir = ${JSON.stringify(logDir)}\n${code}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { cwd: root })
  const told: unknown[] = []
  let rest = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      told.push(JSON.parse(line))
      onTold(told.at(-1), child.pid!)
    }
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise<Ended>((done, failed) => {
    const net = setTimeout(() => child.kill('SIGKILL'), patienceMs)
    child.once('error', failed)
    child.once('close', (exitCode, signal) => {
      clearTimeout(net)
      done({ code: exitCode, signal, told, stderr, durationMs: performance.now() - began })
    })
  })
}
