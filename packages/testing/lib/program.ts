// A program that a test runs and looks at from outside: what it says, and how it ends.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'

import type { ExecutionContext } from 'ava'

import { NET_MS } from './wait.js'

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface ProgramOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** Its whole standard input; nothing by default. */
  input?: string
  /** How its output is read; UTF-8 by default. */
  encoding?: BufferEncoding
  /** In a group of its own, as a shell's job; `kill` then ends the group. */
  detached?: boolean
  /** It is killed when it takes longer. */
  netMs?: number
}

export class Program {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Ended>
  readonly #isGroup: boolean
  readonly #waiting = new Set<() => void>()
  readonly #output = { stdout: '', stderr: '' }

  constructor(
    args: readonly string[],
    { input = '', encoding = 'utf8', detached = false, netMs = NET_MS, ...rest }: ProgramOptions = {},
  ) {
    this.#isGroup = detached
    this.child = spawn(process.execPath, args, { ...rest, detached })
    this.child.stdin.on('error', () => {})
    this.child.stdin.end(input)
    for (const name of ['stdout', 'stderr'] as const) {
      this.child[name].setEncoding(encoding).on('data', (text: string) => {
        this.#output[name] += text
        for (const look of this.#waiting) look()
      })
    }
    const net = setTimeout(() => this.kill(), netMs)
    this.ended = new Promise((done, failed) => {
      this.child.once('error', failed)
      this.child.once('close', (code, signal) => {
        clearTimeout(net)
        done({ code, signal, ...this.#output })
      })
    })
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  /** Resolves with what standard output shows of this, once it does. */
  said(shown: string | RegExp): Promise<string> {
    return new Promise((done, failed) => {
      const look = (): void => {
        const { stdout } = this.#output
        const found = typeof shown === 'string' ? stdout.includes(shown) && shown : shown.exec(stdout)?.[0]
        if (typeof found !== 'string') return
        this.#waiting.delete(look)
        done(found)
      }
      this.#waiting.add(look)
      void this.ended.then(
        () => failed(new Error(`it ended without ${shown}: ${JSON.stringify(this.#output)}`)),
        failed,
      )
      look()
    })
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    try {
      process.kill(this.#isGroup ? -this.pid : this.pid, signal)
    } catch {
      // It has ended.
    }
  }
}

/** Runs Node with these arguments; it is killed with the test at the latest. */
export const startProgram = (t: ExecutionContext, args: readonly string[], options?: ProgramOptions): Program => {
  const program = new Program(args, options)
  t.teardown(() => program.kill())
  return program
}
