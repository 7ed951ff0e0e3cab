/** The engine: by id, for those who cross process borders; by handle, for scripts. */
import type { Writable } from 'node:stream'

import type { NativeEngine as NativeEngineType } from '../index.js'
import { unwrap } from './errors.js'
import { type Consumer, listening } from './events/batch.js'
import { Execution, type HandleOptions, type Host, type RunOptions } from './execution.js'
import { LiveExecutions } from './events/live-executions.js'
import { logRecords } from './streams/log-records.js'
import { native } from './binding/load.js'
import type {
  CleanupReport,
  EngineMetrics,
  EventListener,
  ExecutionCommand,
  ExecutionConfig,
  ExecutionRequest,
  ExecutionResult,
  ExecutionStatus,
  ExecutionSummary,
  LogRecord,
  RecoveredExecution,
} from './types.js'
import { checkHandleOptions, checkOptions, inputBytes, nativeConfig, nativeRequest } from './binding/request.js'
import { flag, oneOf, refuse, text } from './binding/validate.js'

const logOptions = { format: oneOf('text', 'records'), follow: flag }

/** Others that run addons of Node have an event loop of their own. */
const sharesLoop = !('bun' in process.versions || 'deno' in process.versions)

const checkedId = (id: string): string => {
  if (id === undefined) return refuse('INVALID_REQUEST', 'id', id, 'allowed is a UUID')
  checkOptions({ id }, { id: text })
  return id
}

/**
 * Runs commands as supervised child processes.
 *
 * @example
 * await using engine = new ExecutionEngine({ maxConcurrentExecutions: 4 })
 * const { stdout } = await engine.run('git', ['rev-parse', 'HEAD'])
 */
export class ExecutionEngine {
  readonly #native: NativeEngineType
  readonly #secrets: readonly string[]
  readonly #live = new LiveExecutions()
  readonly #host: Host

  /** @throws ExecutionEngineError `INVALID_CONFIG`: names the field, its value and what is allowed. */
  constructor(config: ExecutionConfig = {}) {
    const live = this.#live
    this.#native = unwrap(native().NativeEngine.create(nativeConfig(config), sharesLoop, ...live.receiver()))
    live.attach(this.#native)
    this.#secrets = config.secrets ?? []
    const engine = this.#native
    this.#host = {
      accept: (request, consumer, isCancelled) => this.#accept(request, () => consumer, isCancelled),
      ended: (id) => live.ending(id) ?? this.waitForCompletion(id),
      awaits: (id) => void live.awaited(id),
      cancel: (id) => unwrap(engine.cancel(id)),
      writeStdin: (id, bytes) => this.writeStdin(id, bytes),
      closeStdin: (id) => this.closeStdin(id),
      setPaused: (number, paused) => live.hold(number, paused),
      stopLines: (number) => engine.stopLines(number),
    }
  }

  /**
   * Accepts a request; resolves with its id at once, while it may still wait for its turn.
   *
   * @param onEvent gets every event, one at a time, in order.
   * @throws ExecutionEngineError `INVALID_REQUEST`, `DUPLICATE_ID`, `QUEUE_FULL`, `SHUT_DOWN`. Nothing was run then.
   */
  async execute(request: ExecutionRequest, onEvent?: EventListener): Promise<string> {
    if (onEvent !== undefined) checkHandleOptions({ onEvent })
    const { id, number } = this.#accept(request, onEvent && ((accepted) => listening(accepted, onEvent)))
    if (onEvent === undefined) this.#native.stopLines(number)
    return id
  }

  /**
   * Resolves for every terminal status, after the listener has seen the terminal event.
   *
   * @throws ExecutionEngineError `NOT_FOUND` for an unknown id.
   */
  async waitForCompletion(id: string): Promise<ExecutionResult> {
    return this.#live.awaited(id) ?? (unwrap(await this.#native.waitForCompletion(checkedId(id))) as ExecutionResult)
  }

  /** Runs a program with arguments, verbatim. */
  run(program: string, args: readonly string[], options: RunOptions & { stdin: 'pipe' }): Execution<Writable>
  run(program: string, args?: readonly string[], options?: RunOptions): Execution<null>
  /** Runs a program without arguments. */
  run(program: string, options: RunOptions & { stdin: 'pipe' }): Execution<Writable>
  run(program: string, options: RunOptions): Execution<null>
  /** Runs a command of any kind. */
  run(command: ExecutionCommand, options: RunOptions & { stdin: 'pipe' }): Execution<Writable>
  run(command: ExecutionCommand, options?: RunOptions): Execution<null>
  run(what: string | ExecutionCommand, second?: readonly string[] | RunOptions, third?: RunOptions): Execution {
    const hasArgs = typeof what === 'string' && (second === undefined || Array.isArray(second))
    const command =
      typeof what === 'string'
        ? ({ type: 'exec', program: what, args: hasArgs ? (second ?? []) : [] } as ExecutionCommand)
        : what
    const options = hasArgs ? third : (second as RunOptions | undefined)
    if (options === undefined) return new Execution(this.#host, { command }, {})
    const { signal, reject, onEvent, ...conditions } = options
    return new Execution(this.#host, { ...conditions, command }, { signal, reject, onEvent } as HandleOptions)
  }

  /** @throws ExecutionEngineError `NOT_FOUND` for an unknown id. */
  getStatus(id: string): ExecutionStatus {
    return unwrap(this.#native.getStatus(checkedId(id))) as ExecutionStatus
  }

  /** `null` while it is live. @throws ExecutionEngineError `NOT_FOUND` for an unknown id. */
  getResult(id: string): ExecutionResult | null {
    return unwrap(this.#native.getResult(checkedId(id))) as ExecutionResult | null
  }

  /** Everything but the output. @throws ExecutionEngineError `NOT_FOUND` for an unknown id. */
  getSummary(id: string): ExecutionSummary {
    return unwrap(this.#native.getSummary(checkedId(id))) as ExecutionSummary
  }

  /** What is live or remembered, in the order of acceptance. */
  listExecutions(filter: { status?: ExecutionStatus } = {}): ExecutionSummary[] {
    checkOptions(filter, {
      status: oneOf('pending', 'running', 'completed', 'failed', 'cancelled', 'timeout', 'interrupted'),
    })
    return unwrap(this.#native.listExecutions(filter.status)) as ExecutionSummary[]
  }

  /**
   * Stops the whole tree: the polite signal, the grace period, then force. A second call during the grace period is for
   * force. Resolves at once, with true when it was still live.
   *
   * @throws ExecutionEngineError `NOT_FOUND` for an unknown id.
   */
  async cancel(id: string): Promise<boolean> {
    return unwrap(this.#native.cancel(checkedId(id)))
  }

  /** Writes to the standard input of a request with `stdin: 'pipe'`; resolves when the child's pipe has taken it. */
  async writeStdin(id: string, data: string | Uint8Array): Promise<void> {
    unwrap(await this.#native.writeStdin(checkedId(id), inputBytes(data)))
  }

  /** Ends the standard input. */
  async closeStdin(id: string): Promise<void> {
    unwrap(await this.#native.closeStdin(checkedId(id)))
  }

  /** The whole log as text. @throws ExecutionEngineError `NOT_FOUND`; `LOG_UNREADABLE`, also above 64 MiB. */
  readLogs(id: string, options?: { format?: 'text' }): Promise<string>
  /** The log's records, read as they are asked for. With `follow`, until the execution ends. */
  readLogs(id: string, options: { format: 'records'; follow?: boolean }): AsyncIterable<LogRecord>
  readLogs(
    id: string,
    options: { format?: 'text' | 'records'; follow?: boolean } = {},
  ): Promise<string> | AsyncIterable<LogRecord> {
    if (options?.format !== 'records') return this.#logText(id, options)
    checkOptions(options, logOptions)
    return logRecords(this.#native, checkedId(id), { isLive: () => this.#isLive(id), follow: options.follow ?? false })
  }

  async #logText(id: string, options: object): Promise<string> {
    checkOptions(options, logOptions)
    const wasLive = this.#isLive(checkedId(id))
    const log = await this.#native.readLogs(id)
    // What is live may not have a log yet: it begins with the process.
    if (wasLive && typeof log === 'object' && log.code === 'NOT_FOUND') return ''
    return unwrap<string>(log)
  }

  #isLive(id: string): boolean {
    return this.#live.ending(id) !== undefined
  }

  /** Forgets and deletes what is beyond its retention, now. */
  cleanup(): Promise<CleanupReport> {
    return this.#native.cleanup()
  }

  /** Finds what earlier programs left on this log folder when they died; see `docs/logs.md`. */
  async recover(options: { stopSurvivors?: boolean } = {}): Promise<RecoveredExecution[]> {
    checkOptions(options, { stopSurvivors: flag })
    const { stopSurvivors = false } = options
    return unwrap(await this.#native.recover(stopSurvivors))
  }

  /** How busy the engine is. */
  metrics(): EngineMetrics {
    return this.#native.metrics()
  }

  /** Takes no new work, stops what runs, and resolves when all has ended and is logged. */
  shutdown(): Promise<void> {
    return this.#native.shutdown()
  }

  /** Shuts down. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown()
  }

  #accept(
    request: ExecutionRequest,
    consumer?: (id: string) => Consumer,
    isCancelled = false,
  ): { id: string; number: number } {
    const number = this.#live.nextNumber()
    const [json, stdin] = nativeRequest(request, this.#secrets)
    const id = unwrap<string>(this.#native.execute(json, stdin, number, isCancelled))
    this.#live.add(number, id, consumer?.(id))
    return { id, number }
  }
}
