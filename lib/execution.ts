/** One execution as a handle: a promise of its result, its lines to iterate, its standard input to write. */
import type { Writable } from 'node:stream'

import { ExecutionEngineError, ExecutionError } from './errors.js'
import { type Consumer, listening } from './events.js'
import { LineQueue } from './line-queue.js'
import { newId } from './native.js'
import { stdinStream } from './stdin.js'
import type { EventListener, ExecutionConditions, ExecutionRequest, ExecutionResult, OutputLine } from './types.js'

/** Options of `run()`: the request's conditions, and how the handle behaves. */
export interface RunOptions extends ExecutionConditions {
  /** Cancels the execution when it is aborted. */
  signal?: AbortSignal
  /** Reject with an `ExecutionError` unless the status is `completed`. @default false */
  reject?: boolean
  /** Gets every event. */
  onEvent?: EventListener
}

/** What a handle needs of its engine. */
export interface Host {
  accept(request: ExecutionRequest, consumer?: (id: string) => Consumer): { id: string; number: number }
  result(id: string): Promise<ExecutionResult>
  cancel(id: string): boolean
  writeStdin(id: string, bytes: Uint8Array): Promise<void>
  closeStdin(id: string): Promise<void>
  setPaused(number: number, paused: boolean): void
  stopLines(number: number): void
}

/**
 * A running command.
 *
 * @example
 * for await (const { stream, text } of engine.run('terraform', ['plan'])) console.log(stream, text)
 */
export class Execution implements PromiseLike<ExecutionResult>, AsyncIterable<OutputLine> {
  /** Known before it is accepted. */
  readonly id: string
  /** Resolves for every terminal status; rejects only if the request is refused, or with `reject: true`. */
  readonly result: Promise<ExecutionResult>
  readonly #host: Host
  readonly #request: ExecutionRequest
  readonly #options: Pick<RunOptions, 'signal' | 'reject' | 'onEvent'>
  readonly #accepted: Promise<void>
  #number: number | undefined
  #lines: LineQueue | undefined
  #isCancelled = false
  #stdin: Writable | undefined

  /** @internal */
  constructor(host: Host, request: ExecutionRequest, options: Pick<RunOptions, 'signal' | 'reject' | 'onEvent'>) {
    this.#host = host
    this.id = request.id ?? newId()
    this.#request = { ...request, id: this.id }
    this.#options = options
    // One microtask later it is known whether the caller iterates: lines that nobody wants never cross.
    this.#accepted = Promise.resolve().then(() => this.#start())
    this.result = this.#accepted.then(() => this.#settle())
    // A failure that nobody looks at is no reason to end the program.
    this.result.catch(() => {})
  }

  /** The child's standard input; only with `stdin: 'pipe'`. */
  get stdin(): Writable {
    if (this.#request.stdin !== 'pipe') {
      throw new ExecutionEngineError(
        'INVALID_REQUEST',
        "there is no standard input to write: ask for `stdin: 'pipe'`",
        {
          field: 'stdin',
        },
      )
    }
    this.#stdin ??= stdinStream({
      write: (bytes) => this.#accepted.then(() => this.#host.writeStdin(this.id, bytes)),
      close: () => this.#accepted.then(() => this.#host.closeStdin(this.id)),
    })
    return this.#stdin
  }

  /** Stops the whole tree: politely, then by force. Once is enough; for force at once, ask the engine again. */
  cancel(): void {
    if (this.#isCancelled) return
    this.#isCancelled = true
    if (this.#number !== undefined) this.#host.cancel(this.id)
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
   * The lines of both streams in arrival order. To be asked for in the same tick as `run()`. A slow loop slows the
   * child down; leaving the loop lets it go on, unread.
   */
  [Symbol.asyncIterator](): AsyncIterator<OutputLine, undefined> {
    if (this.#lines !== undefined || this.#number !== undefined) {
      throw new ExecutionEngineError(
        'INVALID_REQUEST',
        'the lines of an execution can be iterated once, beginning in the same tick as `run()`; to look at it later ' +
          'or from several places, pass `onEvent`, or read its log',
      )
    }
    this.#lines = new LineQueue({
      pause: (paused) => this.#number !== undefined && this.#host.setPaused(this.#number, paused),
      stop: () =>
        this.#options.onEvent === undefined && this.#number !== undefined && this.#host.stopLines(this.#number),
    })
    return this.#lines
  }

  /** Cancels, and waits for the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel()
    // Also the lines that nobody will read any more are let go.
    await this.#lines?.return()
    await this.result.catch(() => {})
  }

  #start(): void {
    const wantsEvents = this.#lines !== undefined || this.#options.onEvent !== undefined
    const { number } = this.#accept(wantsEvents)
    this.#number = number
    if (this.#isCancelled) this.#host.cancel(this.id)
    const { signal } = this.#options
    if (signal?.aborted) this.cancel()
    const onAbort = (): void => this.cancel()
    signal?.addEventListener('abort', onAbort, { once: true })
    const forget = (): void => signal?.removeEventListener('abort', onAbort)
    this.#host.result(this.id).then(forget, forget)
  }

  #accept(wantsEvents: boolean): { number: number } {
    try {
      return this.#host.accept(this.#request, wantsEvents ? (id) => this.#consumer(id) : undefined)
    } catch (error) {
      this.#lines?.end(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }

  #consumer(id: string): Consumer {
    const listener = this.#options.onEvent && listening(id, this.#options.onEvent)
    return {
      line: (stream, text, partial, timestamp) => {
        this.#lines?.push({ stream, text, partial, timestamp })
        listener?.line(stream, text, partial, timestamp)
      },
      event: (event) => {
        if ('result' in event) this.#lines?.end(this.#failure(event.result))
        listener?.event(event)
      },
    }
  }

  async #settle(): Promise<ExecutionResult> {
    const result = await this.#host.result(this.id)
    const failure = this.#failure(result)
    if (failure) throw failure
    return result
  }

  #failure(result: ExecutionResult): ExecutionError | undefined {
    return this.#options.reject === true && result.status !== 'completed' ? new ExecutionError(result) : undefined
  }
}
