// A real terminal, its screen read back: tmux.

import { execFileSync, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { ExecutionContext } from 'ava'

import { until } from './wait.js'

export interface TerminalOptions {
  columns?: number
  rows?: number
  env?: Record<string, string>
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

export class Terminal {
  readonly #socket = `terminal-${randomUUID()}`

  /** Use `openTerminal`. */
  constructor(t: ExecutionContext, folder: string, command: readonly string[], options: TerminalOptions) {
    const { columns = 90, rows = 24, env = {} } = options
    const variables = Object.entries({ LC_ALL: 'C.UTF-8', ...env }).map(([name, value]) => `${name}=${quoted(value)}`)
    const script = join(folder, 'in-terminal.sh')
    // Ctrl-C is the program's; what the screen shows stays to be read when it has ended.
    const lines = [
      'trap : INT',
      `export ${variables.join(' ')}`,
      `cd ${quoted(folder)}`,
      command.map((word) => quoted(word)).join(' '),
      'echo "ended $?"',
      'sleep 1000',
    ]
    writeFileSync(script, `${lines.join('\n')}\n`)
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(rows), `sh '${script}'`)
    t.teardown(() => this.#tmux('kill-server'))
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-u', '-L', this.#socket, ...args], { encoding: 'utf8' })
  }

  type(...keys: string[]): void {
    this.#tmux('send-keys', ...keys)
  }

  /** The screen, once it shows this. */
  async until(shown: RegExp): Promise<string> {
    let screen = ''
    try {
      await until(() => {
        screen = this.#tmux('capture-pane', '-p').trimEnd()
        return shown.test(screen)
      })
    } catch {
      throw new Error(`${shown} did not come:\n${screen}`)
    }
    return screen
  }
}

/** Runs a command in a terminal that ends with the test; without tmux the test is left out, and says so. */
export const openTerminal = (
  t: ExecutionContext,
  folder: string,
  command: readonly string[],
  options: TerminalOptions = {},
): Terminal | undefined => {
  if (spawnSync('tmux', ['-V']).status === 0) return new Terminal(t, folder, command, options)
  t.log('left out: tmux is missing')
  t.pass()
  return undefined
}
