// Small programs that use the engine and are looked at from outside: how they end, and what they leave behind.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

import type { ExecutionContext } from 'ava'

import type { Mark } from './processes.js'

export interface Ending {
  code: number | null
  signal: string | null
  lines: string[]
  stderr: string
}

/** A running fixture. */
export interface Program {
  readonly pid: number
  /** Resolves with the first line that begins so. */
  line(start: string): Promise<string>
  kill(): void
  readonly ended: Promise<Ending>
}

/** Starts `__test__/fixtures/<name>.mjs`; it is killed with the test at the latest. */
export const startProgram = (t: ExecutionContext, name: string, args: string[] = [], mark?: Mark): Program => {
  const child = spawn(process.execPath, [resolve('__test__/fixtures', `${name}.mjs`), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...mark?.env },
  })
  t.teardown(() => child.kill('SIGKILL'))
  const lines: string[] = []
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  const closed = once(child, 'close')
  const isOver = closed.then(() => undefined)
  return {
    pid: child.pid ?? 0,
    line: async (start) => {
      for (;;) {
        const found = lines.find((line) => line.startsWith(start))
        if (found !== undefined) return found
        const next = await Promise.race([once(reader, 'line'), isOver])
        if (next === undefined && !lines.some((line) => line.startsWith(start))) {
          throw new Error(`${name} ended without a line "${start}": ${lines.join('\n')}\n${stderr}`)
        }
      }
    },
    kill: () => void child.kill('SIGKILL'),
    ended: closed.then(([code, signal]: (number | string | null)[]) => ({
      code: code as number | null,
      signal: signal as string | null,
      lines,
      stderr,
    })),
  }
}
