/** One execution as a handle: a promise of its result, its lines to iterate, its standard input to write. */
import type { Writable } from 'node:stream'

import { ExecutionEngineError, ExecutionError } from './errors.js'
import { type Consumer, listening } from './events/batch.js'
import { LineQueue } from './streams/line-queue.js'
import { native } from './binding/load.js'
import { checkHandleOptions } from './binding/request.js'
import { stdinStream } from './streams/stdin.js'
import type { EventListener, ExecutionConditions, ExecutionRequest, ExecutionResult, OutputLine } from './types.js'

/** How a handle behaves. */
export interface HandleOptions {
  /** Cancels the execution when it is aborted. */
  signal?: AbortSignal
  /** Reject with an `ExecutionError` unless the status is `completed`. @default false */
  reject?: boolean
  /** Gets every event. */
  onEvent?: EventListener
}

/** Options of `run()`: the request's conditions, and how the handle behaves. */
export interface RunOptions extends ExecutionConditions, HandleOptions {}

/** An iterator that was begun and then forgotten would hold its execution back, and its lines, for ever. */
const forgotten = new FinalizationRegistry<LineQueue>((lines) => void lines.return())

/** The same as `queueMicrotask`, whose bookkeeping costs as much as the rest of a handle. */
const atTurnsEnd = Promise.resolve()

/** What a handle needs of its engine. */
export interface Host {
  accept(request: ExecutionRequest, consumer: Consumer, isCancelled: boolean): { id: string; number: number }
  /** After the consumer has seen the terminal event, or somebody waits for the result. */
  ended(id: string): Promise<ExecutionResult>
  /** Somebody waits for the result, and need not have read the lines. */
  awaits(id: string): void
  cancel(id: string): boolean
  writeStdin(id: string, bytes: Uint8Array): Promise<void>
  closeStdin(id: string): Promise<void>
  setPaused(number: number, paused: boolean): void
  stopLines(number: number): void
}

/**
 * A running command. `Stdin` is a stream where `stdin: 'pipe'` was asked for.
 *
 * @example
 * for await (const { stream, text } of engine.run('terraform', ['plan'])) console.log(stream, text)
 */
export class Execution<Stdin extends Writable | null = Writable | null>
  implements PromiseLike<ExecutionResult>, AsyncIterable<OutputLine>
{
  /** Known at once. */
  readonly id: string
  /** The child's standard input; `null` unless `stdin: 'pipe'` was asked for. */
  readonly stdin: Stdin
  readonly #host: Host
  readonly #options: HandleOptions
  readonly #listener: Consumer | undefined
  readonly #consumer: Consumer
  /** Stands for the execution in the engine; nothing when it was refused. */
  readonly #number: number | undefined
  readonly #result: Promise<ExecutionResult>
  #lines: LineQueue | undefined
  /** The turn in which `run()` was called is over. */
  #isLate = false
  #isCancelled = false
  #hasEnded = false

  /** @internal */
  constructor(host: Host, request: ExecutionRequest, options: HandleOptions) {
    this.#host = host
    this.#options = options
    this.#consumer = this.#both()
    let id = request.id
    let refusal: unknown
    try {
      checkHandleOptions(options)
      this.#isCancelled = options.signal?.aborted === true
      const accepted = host.accept(request, this.#consumer, this.#isCancelled)
      id = accepted.id
      this.#number = accepted.number
    } catch (error) {
      refusal = error
    }
    // Also what was refused has a name.
    this.id = id ?? native().newId()
    // In time: events come in later turns of the event loop.
    this.#listener = options.onEvent && listening(this.id, options.onEvent)
    const stdin = request.stdin === 'pipe' ? this.#stdinStream() : null
    this.stdin = stdin as Stdin
    const ended = this.#number === undefined ? Promise.reject(refusal) : host.ended(this.id)
    const end = (): void => {
      this.#hasEnded = true
      stdin?.destroy()
    }
    this.#result = ended.then(
      (result) => {
        end()
        const failure = this.#failure(result)
        if (failure) throw failure
        return result
      },
      (refused: unknown) => {
        end()
        throw refused
      },
    )
    // A failure that nobody looks at is no reason to end the program, unless it was asked to be thrown.
    if (options.reject !== true) this.#result.catch(() => {})
    this.#followSignal(ended)
    void atTurnsEnd.then(() => this.#turnEnds())
  }

  /** Resolves for every terminal status; rejects only if the request is refused, or with `reject: true`. */
  get result(): Promise<ExecutionResult> {
    this.#host.awaits(this.id)
    return this.#result
  }

  /**
   * Stops the whole tree: politely, then by force. True when it was still live. Once is enough; a second call to the
   * engine's own `cancel()` is for force at once.
   */
  cancel(): boolean {
    if (this.#number === undefined) return false
    try {
      const isFirst = !this.#isCancelled
      this.#isCancelled = true
      return isFirst ? this.#host.cancel(this.id) : !this.#hasEnded
    } catch {
      // Ended, and forgotten since.
      return false
    }
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a handle is awaited like the promise it stands for
  then<Fulfilled = ExecutionResult, Rejected = never>(
    onFulfilled?: ((result: ExecutionResult) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.result.then(onFulfilled, onRejected)
  }

  /** As a promise's. */
  catch<Rejected = never>(
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<ExecutionResult | Rejected> {
    return this.result.catch(onRejected)
  }

  /** As a promise's. */
  finally(onFinally?: (() => void) | null): Promise<ExecutionResult> {
    return this.result.finally(onFinally)
  }

  /**
   * The lines of both streams in arrival order; to be asked for in the same turn as `run()`. A slow loop slows the
   * child down; leaving the loop lets it go on, unread.
   */
  [Symbol.asyncIterator](): AsyncIterator<OutputLine, undefined> {
    if (this.#lines !== undefined || this.#isLate) {
      throw new ExecutionEngineError(
        'INVALID_REQUEST',
        'the lines of an execution can be had in one iteration, which begins in the same turn as `run()`: lines that ' +
          'nobody asks for are not kept; to look at them later or in several places, pass `onEvent`, or read the log',
      )
    }
    // Iteration throws what the promise rejects with: whoever iterates has looked at it.
    this.#result.catch(() => {})
    const lines = new LineQueue({
      pause: (paused) => this.#number !== undefined && this.#host.setPaused(this.#number, paused),
      stop: () => this.#stopLines(),
    })
    this.#lines = lines
    const iterator = { next: () => lines.next(), return: () => lines.return() }
    forgotten.register(iterator, lines)
    return iterator
  }

  /** Cancels, and waits for the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel()
    // Lines that nobody will read any more must not hold the end up.
    await this.#lines?.return()
    await this.result.catch(() => {})
  }

  #failure(result: ExecutionResult): ExecutionError | undefined {
    return this.#options.reject === true && result.status !== 'completed' ? new ExecutionError(result) : undefined
  }

  /** The iteration and the listener. */
  #both(): Consumer {
    return {
      line: (stream, text, partial, timestamp) => {
        this.#lines?.push({ stream, text, partial, timestamp })
        this.#listener?.line(stream, text, partial, timestamp)
      },
      event: (event) => {
        if ('result' in event) this.#lines?.end(this.#failure(event.result))
        this.#listener?.event(event)
      },
    }
  }

  #turnEnds(): void {
    this.#isLate = true
    if (this.#number === undefined) {
      this.#result.catch((refusal: Error) => this.#lines?.end(refusal))
      return
    }
    if (this.#lines !== undefined) return
    // Nobody iterates: what comes, fifty thousand times a second perhaps, need not pass by here.
    if (this.#listener !== undefined) Object.assign(this.#consumer, this.#listener)
    this.#stopLines()
  }

  /** Unless somebody else listens: then they cross for that one. */
  #stopLines(): void {
    if (this.#listener === undefined && this.#number !== undefined) this.#host.stopLines(this.#number)
  }

  #followSignal(ended: Promise<ExecutionResult>): void {
    const { signal } = this.#options
    if (signal === undefined || this.#number === undefined) return
    const onAbort = (): void => void this.cancel()
    signal.addEventListener('abort', onAbort, { once: true })
    const forget = (): void => signal.removeEventListener('abort', onAbort)
    ended.then(forget, forget)
  }

  #stdinStream(): Writable {
    const reach = async (work: () => Promise<void>): Promise<void> => {
      if (this.#number === undefined || this.#hasEnded) return
      try {
        await work()
      } catch (error) {
        // Ended meanwhile, and forgotten: nobody reads any more.
        if (!(error instanceof ExecutionEngineError && error.code === 'NOT_FOUND')) throw error
      }
    }
    return stdinStream({
      write: (bytes) => reach(() => this.#host.writeStdin(this.id, bytes)),
      close: () => reach(() => this.#host.closeStdin(this.id)),
    })
  }
}
