// The built command line as a child process, with a home of its own.

import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { ExecutionContext } from 'ava'

import { temporaryFolder } from '@escher/testing/engine'

export const main = join(import.meta.dirname, '../../dist/main.js')

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface Running {
  child: ChildProcess
  ended: Promise<Ended>
  /** Resolves when this was written to standard output. */
  said: (text: string) => Promise<void>
}

export interface Cli {
  home: string
  start: (args: readonly string[], options?: { input?: string; env?: Record<string, string> }) => Running
  run: (args: readonly string[], options?: { input?: string; env?: Record<string, string> }) => Promise<Ended>
  /** A playbook's file. */
  playbook: (steps: readonly object[], more?: object) => string
}

export const testCli = (t: ExecutionContext): Cli => {
  const home = temporaryFolder(t)
  const environment = { ...process.env, ESCHER_EXEC_HOME: join(home, 'home'), NO_COLOR: '1' }
  const start: Cli['start'] = (args, { input, env = {} } = {}) => {
    // A group of its own, as a shell's job has.
    const child = spawn(process.execPath, [main, ...args], {
      env: { ...environment, ...env },
      detached: true,
      cwd: home,
    })
    t.teardown(() => {
      try {
        process.kill(-child.pid!, 'SIGKILL')
      } catch {
        // It has ended.
      }
    })
    child.stdin.on('error', () => {})
    child.stdin.end(input ?? '')
    const seen = { stdout: '', stderr: '' }
    const waiting: (() => void)[] = []
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        seen[name] += text
        for (const look of waiting) look()
      })
    }
    const ended = new Promise<Ended>((done) => child.once('close', (code) => done({ code, ...seen })))
    const said = (text: string): Promise<void> =>
      new Promise((done, failed) => {
        const look = (): void => {
          if (seen.stdout.includes(text)) done()
        }
        waiting.push(look)
        void ended.then(() => failed(new Error(`it ended without ${JSON.stringify(text)}: ${JSON.stringify(seen)}`)))
        look()
      })
    return { child, ended, said }
  }
  return {
    home,
    start,
    run: (args, options) => start(args, options).ended,
    playbook: (steps, more = {}) => {
      const file = join(home, 'playbook.json')
      writeFileSync(file, JSON.stringify({ playbook_id: 'test', steps, ...more }))
      return file
    },
  }
}
