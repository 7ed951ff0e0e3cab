/** Public types: what users pass in and get out. Defaults and ranges are the engine's. */

/**
 * Every status, in the order of an execution's life. `interrupted`: cut off by the death of its host, see `recover()`.
 *
 * @example
 * const isStatus = (word: string) => executionStatuses.some((status) => status === word)
 */
export const executionStatuses = [
  'pending',
  'running',
  'completed',
  'failed',
  'cancelled',
  'timeout',
  'interrupted',
] as const

/** Where an execution is in its life. */
export type ExecutionStatus = (typeof executionStatuses)[number]

/** How an execution ended. */
export type EndStatus = Exclude<ExecutionStatus, 'pending' | 'running'>

/** One of the child's two outputs. */
export type OutputStream = 'stdout' | 'stderr'

/** Every strategy for output above the limit. */
export const oversizedOutputStrategies = ['truncate_with_warning', 'fail_execution', 'stream_to_file'] as const

/** What happens to output above `maxOutputSizeBytes`. */
export type OversizedOutputStrategy = (typeof oversizedOutputStrategies)[number]

/** Every choice of what to keep. */
export const retainOutputs = ['head_tail', 'head', 'tail'] as const

/** Which part of a stream is kept in memory when there is more than the limit. */
export type RetainOutput = (typeof retainOutputs)[number]

/** Every encoding of a handle's result. */
export const outputEncodings = ['utf8', 'utf16le', 'latin1', 'buffer'] as const

/** How a handle's result gives the output: as text of this encoding, or as bytes. */
export type OutputEncoding = (typeof outputEncodings)[number]

/** What output is in that encoding. */
export type EncodedOutput<Encoding extends OutputEncoding> = Encoding extends 'buffer' ? Buffer : string

/** How an engine behaves unless a request says otherwise. Every field is optional. */
export interface ExecutionConfig {
  /** Timeout of a request that names none, in milliseconds. @default 120000 */
  defaultTimeoutMs?: number | undefined
  /** The longest timeout a request may ask for, in milliseconds. @default 600000 */
  maxTimeoutMs?: number | undefined
  /** Time between the graceful signal and the forced one, in milliseconds. @default 5000 */
  killGraceMs?: number | undefined
  /** How many run at once; the rest wait, first in first out. @default 10 */
  maxConcurrentExecutions?: number | undefined
  /** How many may wait. @default 10000 */
  maxQueuedExecutions?: number | undefined
  /** What memory keeps of each stream, in bytes; at most 256 MiB. @default 10485760 */
  maxOutputSizeBytes?: number | undefined
  /** What happens to output above that. @default 'truncate_with_warning' */
  oversizedOutput?: OversizedOutputStrategy | undefined
  /** Which part memory keeps. @default 'head_tail' */
  retainOutput?: RetainOutput | undefined
  /** Size at which a file of `outputFiles` ends, in bytes; the command continues. @default 10737418240 */
  maxSpillBytes?: number | undefined
  /**
   * Bytes that must stay free on the disk of the log folder: files of `outputFiles` end before that, and a log then
   * keeps only two parts. @default 1073741824
   */
  minFreeBytes?: number | undefined
  /** Whether lines reach listeners. @default true */
  streamOutput?: boolean | undefined
  /** Where logs go. @default `cloudops-executions` in the system's temporary folder */
  logDir?: string | URL | undefined
  /** Whether logs are written. @default true */
  logging?: boolean | undefined
  /** A log file's size before the next part begins, in bytes. @default 104857600 */
  maxLogSizeBytes?: number | undefined
  /** Parts kept of one log: always the first, and the newest. @default 5 */
  maxLogFiles?: number | undefined
  /** How long a finished execution is retained, in seconds. @default 3600 */
  executionRetentionSecs?: number | undefined
  /** How many finished executions are retained. @default 1000 */
  maxRetainedExecutions?: number | undefined
  /** How long logs stay on disk after their last write, in seconds. @default 604800 */
  logRetentionSecs?: number | undefined
  /** How often the cleanup task runs, in seconds. @default 300 */
  cleanupIntervalSecs?: number | undefined
  /** Masked as `***` wherever output goes, in every execution. @default [] */
  secrets?: readonly string[] | undefined
}

/** The configuration in force. `logDir` is `null` if the default folder is used. */
export type EffectiveConfig = {
  readonly [Name in Exclude<keyof ExecutionConfig, 'logDir' | 'secrets'>]-?: Exclude<ExecutionConfig[Name], undefined>
} & { readonly logDir: string | null }

/** A program and its arguments, verbatim. No shell is involved. */
export interface ExecCommand {
  type: 'exec'
  /** A name looked up on the child's PATH, or a path. */
  program: string
  args?: readonly string[] | undefined
}

/** One command line for a shell. */
export interface ShellCommand {
  type: 'shell'
  command: string
  /** @default '/bin/sh', on Windows 'cmd.exe' */
  shell?: string | undefined
}

/** A script file. */
export interface ScriptCommand {
  type: 'script'
  /** Relative to the working folder; or a `file:` URL. */
  path: string | URL
  /** @default what the script's `#!` line names, else the file itself */
  interpreter?: string | undefined
  args?: readonly string[] | undefined
}

/** The AWS command line: no shell, no pager, JSON output, profile and region through its environment. */
export interface AwsCliCommand {
  type: 'aws_cli'
  /** E.g. `ec2`. */
  service: string
  /** E.g. `describe-instances`. */
  operation: string
  args?: readonly string[] | undefined
  profile?: string | undefined
  region?: string | undefined
}

/**
 * What to run.
 *
 * @example
 * await engine.run({ type: 'exec', program: 'git', args: ['log', '-1'] })
 * await engine.run({ type: 'shell', command: 'npm ci && npm test' })
 * await engine.run({ type: 'script', path: 'tools/report.py', args: ['--json'] })
 * await engine.run({ type: 'aws_cli', service: 'ec2', operation: 'describe-instances', region: 'eu-central-1' })
 */
export type ExecutionCommand = ExecCommand | ShellCommand | ScriptCommand | AwsCliCommand

/** Labels that the caller wants back; the engine only copies them. */
export interface ExecutionMetadata {
  source?: string | undefined
  conversationId?: string | undefined
  tags?: Readonly<Record<string, string>> | undefined
}

/** Bytes of any kind: a `Buffer`, another typed array, a `DataView`, an `ArrayBuffer`. */
export type Bytes = ArrayBufferView | ArrayBuffer | SharedArrayBuffer

/**
 * The standard input. A mode is a word and data is an object or bytes, so no text can be mistaken for a mode.
 *
 * - `'null'`: end of file at once, so that a command that asks a question fails instead of hanging.
 * - `'pipe'`: what is written while it runs.
 * - `{ text }`, `{ bytes }`, or the bytes alone: exactly that, then end of file. In JSON, bytes are base64.
 *
 * @example
 * await engine.run('sort', { stdin: { text: 'b\na\n' } })
 */
export type Stdin = 'null' | 'pipe' | { readonly text: string } | { readonly bytes: Bytes | string } | Bytes

/** The conditions a command runs under. */
export interface ExecutionConditions {
  /** The execution's id. One in use is refused, and so is one whose log still exists. @default a new UUID v7 */
  id?: string | undefined
  /** Merged over the inherited environment; `null` removes a variable, `undefined` leaves it as it is. @default {} */
  env?: Readonly<Record<string, string | null | undefined>> | undefined
  /** What the child inherits: everything, nothing, or only these names. @default true */
  inheritEnv?: boolean | readonly string[] | undefined
  /** A path, or a `file:` URL. Must exist. @default the host's */
  workingDir?: string | URL | undefined
  /** Milliseconds from the start of the process, on the monotonic clock. @default the configuration's */
  timeoutMs?: number | undefined
  /** Milliseconds between the graceful signal and the forced one. @default the configuration's */
  killGraceMs?: number | undefined
  /** The graceful signal. With `SIGKILL` there is no grace period. On Windows, the default only. @default 'SIGTERM' */
  killSignal?: string | undefined
  /** @default 'null' */
  stdin?: Stdin | undefined
  /** What memory keeps of each stream, in bytes. @default the configuration's */
  maxOutputSizeBytes?: number | undefined
  /** What happens to output above that. @default the configuration's */
  oversizedOutput?: OversizedOutputStrategy | undefined
  /** Whether the result has `all`: both streams in one, in the order in which they were read. @default false */
  all?: boolean | undefined
  /** Whether the result has `raw`: the bytes of the output. @default false */
  rawOutput?: boolean | undefined
  /** Masked as `***` wherever output goes, besides the configuration's. @default [] */
  secrets?: readonly string[] | undefined
  /** Copied to the log, the result and the summaries. @default {} */
  metadata?: ExecutionMetadata | undefined
}

/** How to cancel. */
export interface CancelOptions {
  /** Skip the graceful signal and the grace period: end it at once. @default false */
  force?: boolean | undefined
}

/**
 * One command and its conditions: plain data that can cross process boundaries.
 *
 * @example
 * const request: ExecutionRequest = { command: { type: 'exec', program: 'make' }, timeoutMs: 600_000 }
 * const id = await engine.execute(request)
 */
export interface ExecutionRequest extends ExecutionConditions {
  command: ExecutionCommand
}

/** How the handle that `run()` returns behaves. */
export interface HandleOptions<Encoding extends OutputEncoding = 'utf8'> {
  /**
   * What `stdout`, `stderr` and `all` of the handle's result are: text, or with `'buffer'` the bytes that memory kept.
   * Lines, events, errors and the log are not affected. @default 'utf8'
   */
  encoding?: Encoding | undefined
  /** Cancels the execution when it is aborted. */
  signal?: AbortSignal | undefined
  /** Reject with an `ExecutionError` unless the status is `completed`. @default false */
  reject?: boolean | undefined
  /** Receives every event. */
  onEvent?: EventListener | undefined
}

/**
 * Options of `run()`: the request's conditions, and how the handle behaves.
 *
 * @example
 * await engine.run('make', ['test'], { workingDir: '/srv/app', signal: AbortSignal.timeout(60_000), reject: true })
 */
export interface RunOptions<Encoding extends OutputEncoding = 'utf8'>
  extends ExecutionConditions, HandleOptions<Encoding> {}

/** Why an execution did not complete. Codes are never renamed. */
export type FailureCode =
  | 'PROGRAM_NOT_FOUND'
  | 'PERMISSION_DENIED'
  | 'NOT_EXECUTABLE'
  | 'WORKING_DIR_NOT_FOUND'
  | 'ARGUMENTS_TOO_LONG'
  | 'RESOURCE_EXHAUSTED'
  | 'SPAWN_FAILED'
  | 'NON_ZERO_EXIT'
  | 'NEEDS_TERMINAL'
  | 'KILLED_BY_SIGNAL'
  | 'OUTPUT_SIZE_EXCEEDED'
  | 'TIMEOUT'
  | 'CANCELLED'
  | 'INTERRUPTED'
  | 'EXIT_STATUS_LOST'
  | 'INTERNAL'

/** What memory kept, byte for byte but for secrets. What is missing has no note in its place. */
export interface RawOutput {
  stdout: Buffer
  stderr: Buffer
  /** With the option `all`. */
  all?: Buffer
}

/**
 * How an execution ended. There is exactly one for every accepted execution.
 *
 * @example
 * const { status, exitCode, stdout, error } = await engine.run('make')
 * if (status !== 'completed') console.error(error?.code, error?.message)
 */
export interface ExecutionResult<Output extends string | Buffer = string> {
  id: string
  /** `completed` means exit code 0; any other exit is `failed`. */
  status: EndStatus
  /** `null` when a signal ended the program, or it never started. */
  exitCode: number | null
  /** E.g. `SIGTERM`. */
  signal: string | null
  /** What memory kept. Invalid UTF-8 reads as U+FFFD; the log has the bytes. */
  stdout: Output
  stderr: Output
  /**
   * Both streams in the order in which they were read, up to twice the limit of one: what is kept of each is here.
   * Only with the option `all`.
   */
  all?: Output
  /** The bytes that memory kept, secrets masked. Only with `rawOutput`, or an `encoding` other than `'utf8'`. */
  raw?: RawOutput
  /** Bytes the child wrote. */
  stdoutBytes: number
  stderrBytes: number
  stdoutTruncated: boolean
  stderrTruncated: boolean
  /** From start to end of the process, on the monotonic clock. */
  durationMs: number
  /** From acceptance to the start of the process. */
  queuedMs: number
  /** ISO 8601, UTC; `null` when it never started. */
  startedAt: string | null
  completedAt: string
  /** What was run, what happened and what to do about it. */
  error: { code: FailureCode; message: string } | null
  /** The first part of the log; `null` if there is none. */
  logPath: string | null
  /** Under `stream_to_file`, files with all bytes of a stream that memory could not hold. */
  outputFiles: { stdout?: string; stderr?: string }
  /**
   * Whether one of `outputFiles` ends early: at `maxSpillBytes`, to keep `minFreeBytes` free, or at a failed write.
   * `logError` says which.
   */
  outputFilesIncomplete: boolean
  /**
   * CPU time and memory; `null` if no process ran. On Linux `maxRssBytes` is `null` unless the process became larger
   * than its host ever was: a process starts in its parent's memory, and the kernel counts that.
   */
  resourceUsage: { userCpuMs: number; systemCpuMs: number; maxRssBytes: number | null } | null
  /** What held the process tree. */
  containment: 'none' | 'group' | 'job'
  /**
   * Processes left alone after a natural end, such as a background server, and those that still held the output when
   * reading stopped. After a stop, those that could not be stopped.
   */
  leftoverProcesses: { pid: number; name: string }[]
  /** A process left behind still held the pipe when reading stopped. */
  outputIncomplete: boolean
  /** Why the log or a file of `outputFiles` is missing or partial. */
  logError: string | null
  metadata: ExecutionMetadata
}

/** Everything about an execution but its output. */
export interface ExecutionSummary {
  id: string
  status: ExecutionStatus
  /** As one would type it, secrets masked. */
  command: string
  commandType: ExecutionCommand['type']
  /** While it runs. */
  pid: number | null
  createdAt: string
  startedAt: string | null
  completedAt: string | null
  exitCode: number | null
  /** Until its end, or until now. */
  durationMs: number | null
  logPath: string | null
  metadata: ExecutionMetadata
}

interface EventBase<Type extends string> {
  type: Type
  executionId: string
  /** ISO 8601, UTC. */
  timestamp: string
}

/**
 * A line of output, without its line end. `partial`: it continues in the next event (lines over 1 MiB come in parts).
 */
export interface OutputEvent extends EventBase<OutputStream> {
  line: string
  partial: boolean
}

/** The last event of an execution. */
export interface TerminalEvent extends EventBase<Exclude<EndStatus, 'interrupted'>> {
  result: ExecutionResult
}

/**
 * One thing that happened to one execution, in this order: `queued`? → `started` → (`stdout` · `stderr` ·
 * `output_truncated` · `warning`)* → exactly one of `completed` · `failed` · `cancelled` · `timeout`.
 *
 * @example
 * const onEvent = (event: ExecutionEvent): void => {
 *   if (event.type === 'stdout') console.log(event.line)
 *   if (event.type === 'failed') console.error(event.result.error?.message)
 * }
 */
export type ExecutionEvent =
  | EventBase<'queued'>
  | (EventBase<'started'> & { pid: number; command: string })
  | OutputEvent
  | (EventBase<'output_truncated'> & { stream: OutputStream; limitBytes: number })
  | (EventBase<'warning'> & { message: string })
  | TerminalEvent

/** Receives one event at a time, in order. An exception becomes an uncaught exception, as with any event listener. */
export type EventListener = (event: ExecutionEvent) => void

/** A line, as iteration returns it. */
export interface OutputLine {
  stream: OutputStream
  text: string
  partial: boolean
  /** ISO 8601, UTC. */
  timestamp: string
}

/**
 * One line of a log.
 *
 * @example
 * for await (const record of engine.readLogs(id, { format: 'records' })) {
 *   if (record.type === 'output') process.stdout.write(record.bytes)
 * }
 */
export type LogRecord =
  | { type: 'output'; timestamp: string; stream: OutputStream; text: string; bytes: Uint8Array; partial: boolean }
  | { type: 'event'; timestamp: string; event: Readonly<Record<string, unknown>> }

/** A log in the engine's folder, whichever program wrote it. */
export interface LogInfo {
  id: string
  /**
   * `running`: its writer is alive. `ended`: it has a footer. `interrupted`: it has no footer, and its writer is gone.
   * `damaged`: its header or its footer cannot be read; its records may be.
   */
  state: 'running' | 'ended' | 'interrupted' | 'damaged'
  /** `null` if the log's header cannot be read; so is `startedAt`. */
  command: string | null
  startedAt: string | null
  /** How it ended; `null` without a footer, like the next three. */
  status: Exclude<ExecutionStatus, 'pending' | 'running'> | null
  exitCode: number | null
  signal: string | null
  durationMs: number | null
  /** The log's existing parts, in order. */
  paths: string[]
  /** The size of all its files. */
  bytes: number
  /** When it was last written to. */
  modifiedAt: string
}

/** An execution that the death of its host cut off. */
export interface RecoveredExecution {
  id: string
  command: string
  startedAt: string
  logPath: string
  /** Its processes that are still running. */
  survivors: { pid: number; name: string }[]
  survivorsStopped: boolean
}

/** What a cleanup removed. */
export interface CleanupReport {
  executions: number
  files: number
  bytes: number
}

/** How busy an engine is. */
export interface EngineMetrics {
  pending: number
  running: number
  finished: number
  /** `null` until the first log begins. */
  logDir: string | null
}
