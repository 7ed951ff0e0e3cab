// A small program of its own that uses the engine: for what ends, or disturbs, the process it happens in.

import { resolve } from 'node:path'

import { forever } from './engine.js'
import { type Ended, Program } from './program.js'

const root = resolve(import.meta.dirname, '../../..')

const head = `
import { ExecutionEngine, ExecutionEngineError, ExecutionError } from '@escher/execution-engine'
const send = (value) => require('node:fs').writeSync(1, JSON.stringify(value) + '\\n')
import { createRequire } from 'node:module'
const require = createRequire(process.cwd() + '/')
const forever = ${JSON.stringify(forever)}
`

export interface HostEnded extends Ended {
  /** What it sent: one JSON value per line. */
  sent: unknown[]
}

/** Runs a program (an ES module); \`logDir\` is where its engines log. */
export const runHost = async (
  code: string,
  logDir: string,
  onSent: (value: unknown, pid: number) => void = () => {},
  netMs?: number,
): Promise<HostEnded> => {
  const source = `${head}\nconst logDir = ${JSON.stringify(logDir)}\n${code}`
  const host = new Program(['--input-type=module', '-e', source], { cwd: root, ...(netMs !== undefined && { netMs }) })
  const sent: unknown[] = []
  let rest = ''
  host.child.stdout.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const value: unknown = JSON.parse(line)
      sent.push(value)
      onSent(value, host.pid)
    }
  })
  return { ...(await host.ended), sent }
}
