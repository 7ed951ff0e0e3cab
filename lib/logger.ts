/** What happens inside the engines of this process, for a callback and, with `ESCHER_LOG`, for standard error. */
import { writeSync } from 'node:fs'

import type { NativeLogger } from '../index.js'
import { native } from './binding/load.js'
import { listener } from './binding/fields.js'
import { refuse } from './binding/refuse.js'
import { type Aliases, didYouMean, notify, setImmediate } from './support/index.js'

/** How much is logged: each level includes those before it. */
export type LogLevel = 'off' | 'error' | 'warn' | 'info' | 'debug' | 'trace'

/** Something that happened in an engine. The secrets of its execution are masked. */
export interface LogEntry {
  level: Exclude<LogLevel, 'off'>
  /** The part in which it happened. */
  target: string
  message: string
  /** Details, with the execution's `kind` and `pid`. Names may change in any version. */
  fields: Readonly<Record<string, string | number | boolean>>
  /** Missing for entries without an execution, or if the execution was accepted before logging began. */
  executionId?: string
  /** ISO 8601, UTC. */
  timestamp: string
}

/** Receives entries from a level on. */
interface Output {
  level: LogLevel
  write: (entry: LogEntry) => void
}

const levels: readonly LogLevel[] = ['off', 'error', 'warn', 'info', 'debug', 'trace']
const allowed = `allowed are ${levels.map((level) => `'${level}'`).join(', ')}`
/** From other loggers. */
const aliases: Aliases = {
  fatal: 'error',
  none: 'off',
  silent: 'off',
  silly: 'trace',
  verbose: 'debug',
  warning: 'warn',
}

const isLevel = (value: unknown): value is LogLevel => levels.some((level) => level === value)

const hint = (value: unknown): string =>
  typeof value === 'string' ? `${didYouMean(value, levels, '', aliases)} ${allowed}`.trimStart() : allowed

const outputs: { callback?: Output | undefined; stderr?: Output | undefined } = {}
let logger: NativeLogger | undefined

const reaches = (level: LogLevel, output: Output | undefined): output is Output =>
  output !== undefined && levels.indexOf(level) <= levels.indexOf(output.level)

/** Delivers the next entries; false if there are none. */
const deliverSome = (): boolean => {
  const taken = logger?.take()
  if (taken === undefined || taken === null) return false
  for (const entry of JSON.parse(taken) as LogEntry[]) {
    for (const output of [outputs.stderr, outputs.callback]) {
      // Read again each time, because a callback may change the outputs.
      if (reaches(entry.level, output)) output.write(entry)
    }
  }
  return true
}

/** Delivers all entries, with other events in between. */
const deliver = (): void => {
  if (deliverSome()) setImmediate(deliver)
}

/** Turns at exit. Bounded, because other threads may go on adding entries. */
const MAX_AT_EXIT = 32

const deliverAtExit = (): void => {
  for (let left = MAX_AT_EXIT; left > 0 && deliverSome(); left -= 1);
}

const start = (): NativeLogger => {
  const created = native().NativeLogger.create(deliver)
  process.on('exit', deliverAtExit)
  return created
}

const applyLevel = (): void => {
  const level = levels.findLast((each) => reaches(each, outputs.callback) || reaches(each, outputs.stderr)) ?? 'off'
  // A program that logs nothing installs nothing.
  if (level === 'off' && logger === undefined) return
  logger ??= start()
  logger.setLevel(level)
}

/**
 * Logs what happens inside the engines of this process, worker threads included: calls `callback` with each entry from
 * `level` on. Replaces the callback of an earlier call in this thread; `'off'` removes it. What the callback throws
 * becomes an uncaught exception. Logging does not keep the process alive and never slows an engine down: if some
 * thousand entries are waiting, further ones are dropped, and an entry says how many. Without a logger, nothing is
 * recorded.
 *
 * The variable `ESCHER_LOG=debug` prints the same entries to standard error.
 *
 * @throws ExecutionEngineError `INVALID_CONFIG` for another level, or a callback that is no function.
 * @example
 * setLogger('debug', ({ level, message, executionId, fields }) => {
 *   console.log(level, message, executionId, fields) // debug started 0198… { kind: 'exec', pid: 4711, … }
 * })
 */
export function setLogger(level: LogLevel, callback: (entry: LogEntry) => unknown): void
/** Stops logging to the callback. */
export function setLogger(level: 'off'): void
export function setLogger(level: LogLevel, callback?: (entry: LogEntry) => unknown): void {
  const given = { code: 'INVALID_CONFIG', secrets: [] } as const
  if (!isLevel(level)) refuse(given, 'level', level, hint(level))
  if (level !== 'off' || callback !== undefined) listener(callback, 'callback', given)
  outputs.callback = callback && { level, write: (entry) => notify(callback, entry) }
  applyLevel()
}

/** Bare if it is one word, else as JSON, so that a line stays one line. */
const shown = (value: unknown): string =>
  /^[\w./:@%+,-]+$/.test(String(value)) ? String(value) : JSON.stringify(value)

const toLine = ({ timestamp, level, target, message, executionId, fields }: LogEntry): string => {
  const all = Object.entries({ ...(executionId !== undefined && { id: executionId }), ...fields })
  const words = all.map(([name, value]) => ` ${name}=${shown(value)}`)
  return `${timestamp} ${level.toUpperCase().padStart(5)} ${target} ${message}${words.join('')}\n`
}

/** Synchronous, because what waits in a stream is lost when the process exits. */
const writeLine = (entry: LogEntry): void => {
  const line = toLine(entry)
  try {
    writeSync(2, line)
  } catch (error) {
    // A full pipe that does not block. A closed one gets nothing more.
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') process.stderr.write(line)
  }
}

/** Logs to standard error, in the first thread of the process that asks. */
const logToStderr = (wanted: string): void => {
  const level = wanted.trim().toLowerCase()
  if (!isLevel(level)) {
    process.emitWarning(`ESCHER_LOG=${wanted} is ignored: ${hint(level)}`)
    return
  }
  if (level === 'off') return
  try {
    logger ??= start()
  } catch {
    // Without the addon there is nothing to log; its first use reports that.
    return
  }
  if (!logger.claimStderr()) return
  outputs.stderr = { level, write: writeLine }
  applyLevel()
}

const { ESCHER_LOG } = process.env
if (ESCHER_LOG) logToStderr(ESCHER_LOG)
