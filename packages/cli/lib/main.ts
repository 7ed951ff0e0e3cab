/** The command line: which command, and with which exit code it ends. */
import { createRequire } from 'node:module'

import { PlaybookError } from '@escher/execution-manager'
import { checkOperands, parse, stringOf, UsageError } from './arguments.js'
import { findCommand } from './command-table.js'
import { completion } from './commands/completion.js'
import { FAILED, OK, USAGE } from './exit-codes.js'
import { commandHelp, generalHelp } from './help.js'
import { Home } from './home.js'

/** Loaded on demand: `--help` and completion need no engine. */
const work = {
  run: async () => (await import('./commands/run.js')).run,
  exec: async () => (await import('./commands/exec.js')).exec,
  logs: async () => (await import('./commands/logs.js')).logs,
  list: async () => (await import('./commands/list.js')).list,
  recover: async () => (await import('./commands/recover.js')).recover,
}

const isWork = (name: string): name is keyof typeof work => Object.hasOwn(work, name)

const version = (): string => (createRequire(import.meta.url)('../package.json') as { version: string }).version

const main = async ([name, ...args]: readonly string[]): Promise<number> => {
  if (name === '--version' || name === '-V') {
    process.stdout.write(`${version()}\n`)
    return OK
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const [topic, extra] = name === 'help' ? args : []
    if (extra !== undefined) throw new UsageError(`there is nothing to do with ${extra}; help takes one command`)
    const isAsked = name !== undefined
    ;(isAsked ? process.stdout : process.stderr).write(
      topic === undefined ? generalHelp() : commandHelp(findCommand(topic)),
    )
    return isAsked ? OK : USAGE
  }
  const command = findCommand(name)
  const parsed = parse(command, args)
  if (parsed.options['help'] === true) {
    process.stdout.write(commandHelp(command))
    return OK
  }
  checkOperands(command, parsed)
  if (name === 'completion') {
    process.stdout.write(completion(parsed.operands[0]))
    return OK
  }
  if (!isWork(name)) return USAGE
  return (await work[name]())(parsed, new Home(stringOf(parsed, 'home')))
}

// The reader has gone away (`| head`): there is nothing left to write.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(OK)
    throw error
  })
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof PlaybookError) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = USAGE
  } else if (error instanceof UsageError) {
    process.stderr.write(`escher-exec: ${error.message}\n`)
    process.exitCode = USAGE
  } else {
    process.stderr.write(`escher-exec: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = FAILED
  }
}
