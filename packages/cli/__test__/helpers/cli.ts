// The built command line as a child process, with a home of its own.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { ExecutionContext } from 'ava'

import { temporaryFolder } from '@escher/testing/engine'
import { type Ended, type Program, type ProgramOptions, startProgram } from '@escher/testing/program'

export const main = join(import.meta.dirname, '../../dist/main.js')

type Options = Pick<ProgramOptions, 'input' | 'env' | 'encoding'>

export interface Cli {
  home: string
  start: (args: readonly string[], options?: Options) => Program
  run: (args: readonly string[], options?: Options) => Promise<Ended>
  /** A playbook's file. */
  playbook: (steps: readonly object[], more?: object) => string
}

export const testCli = (t: ExecutionContext): Cli => {
  const home = temporaryFolder(t)
  const environment = { ...process.env, ESCHER_EXEC_HOME: join(home, 'home'), NO_COLOR: '1' }
  const start: Cli['start'] = (args, { env, ...options } = {}) =>
    startProgram(t, [main, ...args], { ...options, env: { ...environment, ...env }, cwd: home, detached: true })
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
