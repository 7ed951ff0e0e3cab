#!/usr/bin/env node
/** The command line: which command, and with which exit code it ends. */
import { createRequire } from 'node:module'

import { PlaybookError } from '../manager/index.js'
import { commands, parse, stringOf, UsageError } from './commands.mjs'
import { completion } from './completion.mjs'
import { FAILED, OK, USAGE } from './exit-codes.mjs'
import { commandHelp, generalHelp } from './help.mjs'
import { Home } from './home.mjs'

/** Loaded when it is their turn: `--help` and completion need no engine. */
const work = {
  run: async () => (await import('./run.mjs')).run,
  exec: async () => (await import('./exec.mjs')).exec,
  logs: async () => (await import('./logs.mjs')).logs,
  list: async () => (await import('./list.mjs')).list,
  recover: async () => (await import('./recover.mjs')).recover,
}

const isWork = (name: string): name is keyof typeof work => Object.hasOwn(work, name)

const version = (): string => (createRequire(import.meta.url)('../../package.json') as { version: string }).version

const main = async ([name, ...args]: readonly string[]): Promise<number> => {
  if (name === '--version' || name === '-V') {
    process.stdout.write(`${version()}\n`)
    return OK
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const about = name === 'help' ? commands[args[0] ?? ''] : undefined
    const isAsked = name !== undefined
    ;(isAsked ? process.stdout : process.stderr).write(about ? commandHelp(about) : generalHelp())
    return isAsked ? OK : USAGE
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined)
    throw new UsageError(`there is no command ${name}; there are ${Object.keys(commands).join(', ')}`)
  const parsed = parse(command, args)
  if (parsed.options['help'] === true) {
    process.stdout.write(commandHelp(command))
    return OK
  }
  if (name === 'completion') {
    process.stdout.write(completion(parsed.operands[0]))
    return OK
  }
  if (!isWork(name)) return USAGE
  return (await work[name]())(parsed, new Home(stringOf(parsed, 'home')))
}

// Whoever reads has gone away (`| head`): nothing is left to be said.
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
