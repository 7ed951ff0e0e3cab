/** What people who come from other libraries type first, and what it is called here. */
import { type Aliases, didYouMean } from '../support/index.js'

/** From `child_process`, execa, zx, tinyexec and CI runners. */
const aliases: Aliases = {
  abortSignal: 'signal',
  cancelSignal: 'signal',
  concurrency: 'maxConcurrentExecutions',
  cwd: 'workingDir',
  environment: 'env',
  extendEnv: 'inheritEnv',
  forceKillAfterDelay: 'killGraceMs',
  forceKillAfterTimeout: 'killGraceMs',
  input: 'stdin',
  logDirectory: 'logDir',
  logFolder: 'logDir',
  maxBuffer: 'maxOutputSizeBytes',
  nothrow: 'reject',
  throwOnError: 'reject',
  timeout: 'timeoutMs',
  timeoutMs: 'defaultTimeoutMs',
}

const events = 'iterate the execution or pass `onEvent`: lines of both streams come in their order'
const always = 'output is always captured, as text'
const bytes = "output is text; its bytes are in the log, see `readLogs(id, { format: 'records' })`"
const graceful = 'an execution is stopped by SIGTERM and, after `killGraceMs`, by SIGKILL'

/** What has no option of its own. */
const instead: Readonly<Record<string, string>> = {
  all: events,
  buffer: always,
  detached: 'each execution has a session and process group of its own, and ends with this program',
  encoding: bytes,
  killSignal: graceful,
  lines: events,
  shell: "give the command as `{ type: 'shell', command }`",
  stderr: always,
  stdio: `${always}; for a standard input there is \`stdin\``,
  stdout: always,
}

/** A hint for an option that is not known. */
export const unknownOption = (name: string, known: readonly string[]): string => {
  const all = `known are ${known.map((word) => `\`${word}\``).join(', ')}`
  const hint = Object.hasOwn(instead, name) ? instead[name] : undefined
  return `there is no such option; ${hint ?? didYouMean(name, known, all, aliases)}`
}
