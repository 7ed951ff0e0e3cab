/** The engine: by id, to cross process boundaries; by handle, for scripts. */
import type { Writable } from 'node:stream'

import type { NativeEngine } from '../index.js'
import { hostEnvironment } from './binding/environment.js'
import { native } from './binding/load.js'
import {
  checkListener,
  checkedId,
  cancelOptions,
  checkedOptions,
  nativeConfig,
  nativeRequest,
  type NativeRequest,
} from './binding/request.js'
import { Fields, flag, oneOf } from './binding/fields.js'
import { reading } from './binding/refuse.js'
import { nativeRun, ownRun, type RunArguments } from './binding/run.js'
import { inputBytes } from './binding/stdin.js'
import { unwrap } from './errors.js'
import { listening } from './events/batch.js'
import { LiveExecutions } from './events/live-executions.js'
import type { LiveExecution } from './events/live-execution.js'
import { Execution } from './execution.js'
import { Masker } from './masker.js'
import { logRecords } from './streams/log-records.js'
import { onAbort } from './support/index.js'
import {
  type Bytes,
  type CancelOptions,
  type CleanupReport,
  type EncodedOutput,
  type EffectiveConfig,
  type EngineMetrics,
  type EventListener,
  type ExecutionCommand,
  type ExecutionConfig,
  type ExecutionRequest,
  type ExecutionResult,
  type ExecutionStatus,
  type ExecutionSummary,
  type LogInfo,
  type LogRecord,
  type OutputEncoding,
  type RecoveredExecution,
  type RunOptions,
  executionStatuses,
} from './types.js'

interface LogOptions {
  format?: 'text' | 'records' | undefined
  follow?: boolean | undefined
}

const logOptions = new Fields<keyof LogOptions>({ format: oneOf(['text', 'records']), follow: flag })
const filterOptions = new Fields({ status: oneOf(executionStatuses) })
const recoverOptions = new Fields({ stopSurvivors: flag })

/** Whether Node's event loop may read; the addon checks that it is Node's. Turned off only to measure the gain. */
const sharesLoop = process.env['ESCHER_HOST_LOOP'] !== 'off'

/**
 * Runs commands as supervised child processes.
 *
 * @example
 * await using engine = new ExecutionEngine({ maxConcurrentExecutions: 4 })
 * const { stdout } = await engine.run('git', ['rev-parse', 'HEAD'])
 */
export class ExecutionEngine {
  readonly #native: NativeEngine
  readonly #secrets: readonly string[]
  #config: EffectiveConfig | undefined
  readonly #live = new LiveExecutions()

  /** @throws ExecutionEngineError `INVALID_CONFIG`: names the field, its value and what is allowed. */
  constructor(config: ExecutionConfig = {}) {
    const { json, secrets } = nativeConfig(config)
    this.#native = unwrap(native().NativeEngine.create(json, sharesLoop, hostEnvironment(), ...this.#live.receiver()))
    this.#live.attach(this.#native)
    this.#secrets = secrets
  }

  /**
   * Accepts a request. Resolves with its id at once, while it may still wait for its turn.
   *
   * @param onEvent receives every event, one at a time, in order.
   * @throws ExecutionEngineError `INVALID_REQUEST`, `DUPLICATE_ID`, `QUEUE_FULL`, `SHUT_DOWN`. Nothing was run then.
   *
   * @example
   * const request = { command: { type: 'shell', command: 'npm test' }, timeoutMs: 600_000 } as const
   * const id = await engine.execute(request, (event) => window.webContents.send('execution', event))
   */
  async execute(request: ExecutionRequest, onEvent?: EventListener): Promise<string> {
    checkListener(onEvent, this.#secrets)
    const live = this.#live.accept(this.#native, nativeRequest(request, this.#secrets))
    if (onEvent === undefined) live.stopLines()
    else live.subscriber = listening(live.id, onEvent)
    return live.id
  }

  /**
   * Resolves for every terminal status, after the listener has received the terminal event.
   *
   * @throws ExecutionEngineError `NOT_FOUND` for an unknown id.
   *
   * @example
   * const { status, exitCode } = await engine.waitForCompletion(id)
   */
  async waitForCompletion(id: string): Promise<ExecutionResult> {
    const known = this.#id(id)
    return this.#live.find(known)?.wait() ?? unwrap<ExecutionResult>(await this.#native.waitForCompletion(known))
  }

  /**
   * Runs a program with arguments, verbatim. A refused request rejects the handle's promise. A failed execution does
   * not; its result says so.
   *
   * @example
   * const { stdout } = await engine.run('git', ['log', '-1', '--format=%s'], { workingDir: '/srv/app' })
   */
  run<Encoding extends OutputEncoding = 'utf8'>(
    program: string,
    args: readonly string[] | undefined,
    options: RunOptions<Encoding> & { stdin: 'pipe' },
  ): Execution<Writable, EncodedOutput<Encoding>>
  run<Encoding extends OutputEncoding = 'utf8'>(
    program: string,
    args?: readonly string[],
    options?: RunOptions<Encoding>,
  ): Execution<null, EncodedOutput<Encoding>>
  /** Runs a program without arguments. */
  run<Encoding extends OutputEncoding = 'utf8'>(
    program: string,
    options: RunOptions<Encoding> & { stdin: 'pipe' },
  ): Execution<Writable, EncodedOutput<Encoding>>
  run<Encoding extends OutputEncoding = 'utf8'>(
    program: string,
    options: RunOptions<Encoding>,
  ): Execution<null, EncodedOutput<Encoding>>
  /**
   * Runs a command of any kind.
   *
   * @example
   * await engine.run({ type: 'shell', command: 'npm ci && npm test' }, { timeoutMs: 600_000 })
   */
  run<Encoding extends OutputEncoding = 'utf8'>(
    command: ExecutionCommand,
    options: RunOptions<Encoding> & { stdin: 'pipe' },
  ): Execution<Writable, EncodedOutput<Encoding>>
  run<Encoding extends OutputEncoding = 'utf8'>(
    command: ExecutionCommand,
    options?: RunOptions<Encoding>,
  ): Execution<null, EncodedOutput<Encoding>>
  run(...given: RunArguments): Execution<Writable | null, string | Buffer> {
    let options: RunOptions<OutputEncoding> | undefined
    try {
      const own = ownRun(given)
      options = own.options
      const request = nativeRun(own, this.#secrets)
      return new Execution(this.#accept(request, options?.signal), options, this.#secrets)
    } catch (reason) {
      const id = typeof options?.id === 'string' ? options.id : native().newId()
      return new Execution({ id, reason }, options, this.#secrets)
    }
  }

  /** Follows the signal first: if that throws, nothing has run. */
  #accept(request: NativeRequest, signal: AbortSignal | undefined): LiveExecution {
    if (signal === undefined) return this.#live.accept(this.#native, request)
    let live: LiveExecution | undefined
    let isAborted = false
    const onAborted = (): void => {
      isAborted = true
      live?.cancelOnce(signal)
    }
    const stopFollowing = reading('INVALID_REQUEST', 'signal', () => onAbort(signal, onAborted))
    try {
      live = this.#live.accept(this.#native, request, isAborted)
      if (isAborted) live.abortedBy = signal
    } catch (error) {
      stopFollowing()
      throw error
    }
    void live.ended.then(stopFollowing)
    return live
  }

  /**
   * Where an execution is in its life.
   *
   * @throws ExecutionEngineError `NOT_FOUND` for an unknown id.
   *
   * @example
   * if (engine.getStatus(id) === 'running') engine.cancel(id)
   */
  getStatus(id: string): ExecutionStatus {
    return unwrap<ExecutionStatus>(this.#native.getStatus(this.#id(id)))
  }

  /**
   * The result; `null` while the execution is live.
   *
   * @throws ExecutionEngineError `NOT_FOUND` for an unknown id.
   *
   * @example
   * console.log(engine.getResult(id)?.exitCode ?? 'still running')
   */
  getResult(id: string): ExecutionResult | null {
    return unwrap<ExecutionResult | null>(this.#native.getResult(this.#id(id)))
  }

  /**
   * Everything but the output.
   *
   * @throws ExecutionEngineError `NOT_FOUND` for an unknown id.
   *
   * @example
   * const { command, startedAt, durationMs } = engine.getSummary(id)
   */
  getSummary(id: string): ExecutionSummary {
    return unwrap<ExecutionSummary>(this.#native.getSummary(this.#id(id)))
  }

  /**
   * Live and retained executions, in the order of acceptance.
   *
   * @example
   * for (const { id, command } of engine.listExecutions({ status: 'running' })) console.log(id, command)
   */
  listExecutions(filter: { status?: ExecutionStatus } = {}): ExecutionSummary[] {
    const { status } = checkedOptions(filter, filterOptions, this.#secrets)
    return unwrap<ExecutionSummary[]>(this.#native.listExecutions(status))
  }

  /**
   * Stops the whole process tree: the graceful signal, the grace period, then force. A second call, or `force`, skips
   * the grace period. Resolves at once, with true when it was still live.
   *
   * @throws ExecutionEngineError `NOT_FOUND` for an unknown id.
   *
   * @example
   * await engine.cancel(id)
   * await engine.cancel(id, { force: true })
   */
  async cancel(id: string, options: CancelOptions = {}): Promise<boolean> {
    const { force = false } = checkedOptions(options, cancelOptions, this.#secrets)
    const known = this.#id(id)
    return this.#live.find(known)?.cancel({ force }) ?? unwrap(this.#native.cancel(known, force))
  }

  /**
   * Writes to the standard input of a request with `stdin: 'pipe'`; resolves when the child's pipe has taken it.
   *
   * @throws ExecutionEngineError `NOT_FOUND` for an unknown id; `INVALID_REQUEST` when its input is not a pipe.
   *
   * @example
   * await engine.writeStdin(id, 'yes\n')
   * await engine.closeStdin(id)
   */
  async writeStdin(id: string, data: string | Bytes): Promise<void> {
    unwrap(
      await this.#native.writeStdin(
        this.#id(id),
        inputBytes(data, { code: 'INVALID_REQUEST', secrets: this.#secrets }),
      ),
    )
  }

  /** Ends the standard input. @throws ExecutionEngineError as `writeStdin()` does */
  async closeStdin(id: string): Promise<void> {
    unwrap(await this.#native.closeStdin(this.#id(id)))
  }

  /**
   * The whole log as text; empty for a live execution that has none yet.
   *
   * @throws ExecutionEngineError `NOT_FOUND` for an unknown id; `LOG_UNREADABLE`, also above 64 MiB, or when a known
   * execution has no log: it says why.
   */
  readLogs(id: string, options?: { format?: 'text' | undefined }): Promise<string>
  /**
   * The log's records, read lazily. With `follow`, until the execution ends, even if another engine or program runs it
   * in the same log folder.
   *
   * @throws ExecutionEngineError `NOT_FOUND`, `LOG_UNREADABLE`.
   *
   * @example
   * for await (const record of engine.readLogs(id, { format: 'records', follow: true })) {
   *   if (record.type === 'output') console.log(record.stream, record.text)
   * }
   */
  readLogs(id: string, options: { format: 'records'; follow?: boolean | undefined }): AsyncIterable<LogRecord>
  readLogs(id: string, options: LogOptions = {}): Promise<string> | AsyncIterable<LogRecord> {
    const isOfRecords = reading(
      'INVALID_REQUEST',
      'options',
      () => logOptions.holds(options) && logOptions.own(options).fields.format === 'records',
    )
    if (!isOfRecords) return this.#logText(id, options)
    const { follow = false } = checkedOptions(options, logOptions, this.#secrets)
    return logRecords(this.#native, this.#id(id), follow)
  }

  async #logText(id: string, options: LogOptions): Promise<string> {
    checkedOptions(options, logOptions, this.#secrets)
    return unwrap<string>(await this.#native.readLogs(this.#id(id)))
  }

  #id(given: string): string {
    return checkedId(given, this.#secrets)
  }

  /**
   * The logs in the engine's folder, oldest first: its own, those of other engines, and what earlier ones left.
   *
   * @throws ExecutionEngineError `LOG_UNREADABLE` when the folder cannot be read.
   *
   * @example
   * const cutOff = (await engine.listLogs()).filter(({ state }) => state === 'interrupted')
   */
  async listLogs(): Promise<LogInfo[]> {
    return unwrap(await this.#native.listLogs())
  }

  /**
   * Removes what is beyond its retention, from memory and from disk, now.
   *
   * @example
   * const { files, bytes } = await engine.cleanup()
   */
  cleanup(): Promise<CleanupReport> {
    return this.#native.cleanup()
  }

  /**
   * Finds what earlier programs left in this log folder when they died; see `docs/logs.md`.
   *
   * @throws ExecutionEngineError `LOG_UNREADABLE` when the folder cannot be read.
   *
   * @example
   * for (const { command, survivors } of await engine.recover({ stopSurvivors: true })) console.log(command, survivors)
   */
  async recover(options: { stopSurvivors?: boolean | undefined } = {}): Promise<RecoveredExecution[]> {
    const { stopSurvivors = false } = checkedOptions(options, recoverOptions, this.#secrets)
    return unwrap(await this.#native.recover(stopSurvivors))
  }

  /**
   * The configuration in force, defaults included. Its secrets are not shown.
   *
   * @example
   * const limit = engine.config.maxTimeoutMs
   */
  get config(): EffectiveConfig {
    return (this.#config ??= Object.freeze(JSON.parse(this.#native.config()) as EffectiveConfig))
  }

  /**
   * Masks the engine's secrets, and those given here, in text of your own.
   *
   * @example
   * console.error(engine.masker([token]).mask(`refused: ${body}`))
   *
   * @throws ExecutionEngineError `INVALID_REQUEST` unless it gets strings.
   */
  masker(secrets: readonly string[] = []): Masker {
    return new Masker(Array.isArray(secrets) ? [...this.#secrets, ...secrets] : secrets)
  }

  /**
   * How busy the engine is.
   *
   * @example
   * const { running, pending } = engine.metrics()
   */
  metrics(): EngineMetrics {
    return this.#native.metrics()
  }

  /**
   * Accepts no new work, stops what runs, and resolves when everything has ended and is logged.
   *
   * @example
   * process.once('SIGTERM', () => void engine.shutdown())
   */
  shutdown(): Promise<void> {
    return this.#native.shutdown()
  }

  /** Shuts down. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown()
  }
}
