/** One execution as a handle: a promise of its result, its lines to iterate, its standard input to write. */
import type { Writable } from 'node:stream'

import { ExecutionEngineError, ExecutionError } from './errors.js'
import { isTerminal, listening, type Subscriber } from './events/batch.js'
import { encoded } from './encoded.js'
import type { LiveExecution } from './events/live-execution.js'
import { cancelOptions, checkedOptions } from './binding/request.js'
import { stdinStream } from './streams/stdin.js'
import { AsyncQueue, Thenable } from './support/index.js'
import type { CancelOptions, ExecutionResult, OutputEncoding, OutputLine, RunOptions } from './types.js'

/** Characters of unread lines at which the execution is paused. */
const HIGH_WATER = 256 * 1024

/** An unfinished iterator that is no longer referenced would hold its execution back for ever. */
const abandoned = new FinalizationRegistry<AsyncQueue<OutputLine>>((lines) => void lines.return())

/** Refused requests have an id, too. */
export interface Refusal {
  readonly id: string
  readonly reason: unknown
}

const isRefusal = (accepted: LiveExecution | Refusal): accepted is Refusal => Object.hasOwn(accepted, 'reason')

/**
 * A running command. `Stdin` is a stream where `stdin: 'pipe'` was asked for.
 *
 * @example
 * const { status, stdout } = await engine.run('git', ['rev-parse', 'HEAD'])
 *
 * @example
 * for await (const { stream, text } of engine.run('terraform', ['plan'])) console.log(stream, text)
 */
export class Execution<Stdin extends Writable | null = Writable | null, Output extends string | Buffer = string>
  extends Thenable<ExecutionResult<Output>>
  implements AsyncIterable<OutputLine>
{
  /** Known at once. */
  readonly id: string
  /** The child's standard input; `null` unless `stdin: 'pipe'` was asked for. */
  readonly stdin: Stdin
  /** `undefined` if it was refused. */
  readonly #live: LiveExecution | undefined
  readonly #listener: Subscriber | undefined
  readonly #rejects: boolean
  /** The engine's secrets, which no refusal shows. */
  readonly #secrets: readonly string[]
  readonly #encoding: OutputEncoding
  readonly #result: Promise<ExecutionResult<Output>>
  #lines: AsyncQueue<OutputLine> | undefined
  /** Whether the turn of the call to `run()` is over. */
  #isLate = false

  /** @internal */
  constructor(
    accepted: LiveExecution | Refusal,
    options: RunOptions<OutputEncoding> | undefined,
    secrets: readonly string[],
  ) {
    super()
    this.id = accepted.id
    this.#live = isRefusal(accepted) ? undefined : accepted
    this.#listener = options?.onEvent && listening(this.id, options.onEvent)
    this.#secrets = secrets
    this.#encoding = options?.encoding ?? 'utf8'
    this.#rejects = options?.reject === true
    const stdin = options?.stdin === 'pipe' ? stdinStream(this.#live) : null
    this.stdin = stdin as Stdin
    this.#result = this.#ending(accepted, stdin)
    if (this.#live === undefined) return
    // Early enough: events come in later turns of the event loop.
    this.#live.subscriber = this.#both()
    // `queueMicrotask` would cost twice as much.
    void Promise.resolve().then(() => this.#turnEnds())
  }

  /**
   * Resolves for every status, even if lines stay unread. Rejects only if the request was refused, or with `reject:
   * true`. The same as awaiting the handle itself.
   */
  wait(): Promise<ExecutionResult<Output>> {
    void this.#live?.wait()
    return this.#result
  }

  /**
   * Stops the whole process tree: the graceful signal, the grace period, then force. A second call, or `force`, skips
   * the grace period. True when it was still live.
   *
   * @example
   * const execution = engine.run('npm', ['start'])
   * process.once('SIGINT', () => execution.cancel())
   */
  cancel(options: CancelOptions = {}): boolean {
    const own = checkedOptions(options, cancelOptions, this.#secrets)
    return this.#live?.cancel(own) ?? false
  }

  /** The process id while the process runs; `null` before and after. To stop the execution, use `cancel()`. */
  get pid(): number | null {
    return this.#live?.pid ?? null
  }

  /**
   * Resolves with the process id as soon as there is one, and with `null` if no process was started. Called after the
   * end for the first time, it gives `null` too.
   *
   * @example
   * const execution = engine.run('npm', ['start'])
   * console.log('started as', await execution.started())
   */
  started(): Promise<number | null> {
    return this.#live?.started() ?? Promise.resolve(null)
  }

  /** The same as iterating the handle itself. */
  [Symbol.asyncIterator](): AsyncIterator<OutputLine, undefined> {
    return this.lines()
  }

  /**
   * The lines of both streams in arrival order, once. Call it in the same turn as `run()`. A slow loop slows the child
   * down; leaving the loop lets the execution continue unread. If the program could not be started, the loop throws an
   * `ExecutionError`; with `reject: true`, any other failure throws one too.
   *
   * @example
   * for await (const { text } of engine.run('git', ['branch']).lines()) console.log(text)
   */
  lines(): AsyncIterableIterator<OutputLine, undefined> {
    if (this.#lines !== undefined || this.#isLate) {
      throw new ExecutionEngineError(
        'INVALID_REQUEST',
        'the lines of an execution come in one iteration, which must start in the same turn as `run()`: lines that ' +
          'are not asked for are not kept; to look at them later or in several places, pass `onEvent`, or read the log',
      )
    }
    const lines = new AsyncQueue<OutputLine>({
      highWater: HIGH_WATER,
      sizeOf: ({ text }) => text.length + 1,
      onFull: (isFull) => this.#live?.hold(isFull),
      onLeave: () => this.#listenOnly(),
    })
    this.#lines = lines
    // Iteration throws what the promise rejects with, so callers need not handle both. (An accepted execution ends with
    // its terminal event: only then are all lines here.)
    this.#result.catch((error: Error) => this.#live === undefined && lines.end(error))
    const iterator: AsyncIterableIterator<OutputLine, undefined> = {
      next: () => lines.next(),
      return: () => lines.return(),
      // As an arrow function it would keep what it returns from ever being collected.
      [Symbol.asyncIterator]() {
        return this
      },
    }
    abandoned.register(iterator, lines)
    return iterator
  }

  /** Cancels, and waits for the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#live?.cancelOnce()
    // Unread lines must not delay the end.
    await this.#lines?.return()
    await this.wait().catch(() => {})
  }

  #ending(accepted: LiveExecution | Refusal, stdin: Writable | null): Promise<ExecutionResult<Output>> {
    const ended = isRefusal(accepted) ? Promise.reject(accepted.reason as Error) : accepted.ended
    return ended.then(
      (result) => {
        stdin?.destroy()
        const failure = this.#failure(result)
        if (failure !== undefined) throw failure
        return encoded(result, this.#encoding) as ExecutionResult<Output>
      },
      (reason: unknown) => {
        stdin?.destroy()
        throw reason
      },
    )
  }

  #failure(result: ExecutionResult): ExecutionError | undefined {
    return this.#rejects && result.status !== 'completed' ? this.#error(result) : undefined
  }

  #error(result: ExecutionResult): ExecutionError {
    const reason: unknown = result.status === 'cancelled' ? this.#live?.abortedBy?.reason : undefined
    return new ExecutionError(result, reason === undefined ? undefined : { cause: reason })
  }

  /** A loop has no result to check, so it always throws if there was nothing to iterate. */
  #failureOfIteration(result: ExecutionResult): ExecutionError | undefined {
    const neverStarted = result.status === 'failed' && result.startedAt === null
    return neverStarted ? this.#error(result) : this.#failure(result)
  }

  /** Sends events to the iteration and the listener. */
  #both(): Subscriber {
    return {
      line: (stream, text, partial, timestamp) => {
        this.#lines?.push({ stream, text, partial, timestamp })
        this.#listener?.line(stream, text, partial, timestamp)
      },
      event: (event) => {
        if (isTerminal(event)) this.#lines?.end(this.#failureOfIteration(event.result))
        this.#listener?.event(event)
      },
    }
  }

  #turnEnds(): void {
    this.#isLate = true
    if (this.#lines === undefined) this.#listenOnly()
  }

  /** Without an iteration, lines cross only for a listener, and reach it directly. */
  #listenOnly(): void {
    if (this.#live === undefined) return
    this.#live.subscriber = this.#listener
    if (this.#listener === undefined) this.#live.stopLines()
  }
}
