/** What people used to other libraries type first, and its name here. */
import { type Aliases, didYouMean } from '../support/index.js'

/** From `child_process`, execa, zx, tinyexec and CI runners. */
const aliases: Aliases = {
  ac: 'signal',
  abortController: 'signal',
  abortSignal: 'signal',
  cancelSignal: 'signal',
  concurrency: 'maxConcurrentExecutions',
  cwd: 'workingDir',
  environment: 'env',
  extendEnv: 'inheritEnv',
  forceKillAfterDelay: 'killGraceMs',
  forceKillAfterTimeout: 'killGraceMs',
  gracePeriod: 'killGraceMs',
  input: 'stdin',
  inputFile: 'stdin',
  logDirectory: 'logDir',
  logFolder: 'logDir',
  maxBuffer: 'maxOutputSizeBytes',
  nothrow: 'reject',
  throwOnError: 'reject',
  throwOnNonZeroExit: 'reject',
  stopSignal: 'killSignal',
  timeout: 'timeoutMs',
  timeoutMillis: 'timeoutMs',
  workdir: 'workingDir',
  timeoutMs: 'defaultTimeoutMs',
}

const events = 'iterate the execution or pass `onEvent`: lines of both streams come in their order'
const always = 'output is always captured'

const local = 'programs of `node_modules/.bin` are found when `env.PATH` has that folder'

/** What to use instead of options that do not exist here. */
const instead: Readonly<Record<string, string>> = {
  argv0: 'a program gets its own name',
  buffer: "bytes are given with `encoding: 'buffer'`",
  cleanup: 'each execution ends with this program',
  detached: 'each execution has a session and process group of its own, and ends with this program',
  ipc: 'there is no channel for messages: give them to `stdin`, and read lines',
  lines: events,
  localDir: local,
  preferLocal: local,
  shell: "give the command as `{ type: 'shell', command }`",
  stderr: always,
  stdio: `${always}; for a standard input there is \`stdin\``,
  stdout: always,
  stripFinalNewline: 'output is kept as it was written: trim it, or iterate lines',
  windowsHide: 'no window is opened',
}

/** A hint for an unknown option. */
export const unknownOption = (name: string, known: readonly string[]): string => {
  const all = `known are ${known.map((word) => `\`${word}\``).join(', ')}`
  const hint = Object.hasOwn(instead, name) ? instead[name] : undefined
  return `there is no such option; ${hint ?? didYouMean(name, known, all, aliases)}`
}
