/** An accepted execution until its end. */
import type { NativeEngine, NativeFailure, NativeResult } from '../../index.js'
import { isFailure, unwrap } from '../errors.js'
import type { StdinTarget } from '../streams/stdin.js'
import type { CancelOptions, ExecutionResult } from '../types.js'
import type { Subscriber } from './batch.js'

/**
 * One execution, as its handle and its engine use it. While live, it keeps the native engine in memory. Once ended, its
 * methods have no effect.
 */
export class LiveExecution implements StdinTarget {
  readonly id: string
  /** Identifies it in batches. */
  readonly number: number
  /** Receives its events. */
  subscriber: Subscriber | undefined
  /** Resolves after the subscriber has received the terminal event. */
  readonly ended: Promise<ExecutionResult>
  /** The signal that cancelled it, if one did. */
  abortedBy: AbortSignal | undefined
  #resolve!: (result: ExecutionResult) => void
  #started: Promise<number | null> | undefined
  #onStart: ((pid: number | null) => void) | undefined
  /** `undefined` after the end. */
  #native: NativeEngine | undefined
  readonly #onHold: (isHeld: boolean) => void
  /** Whether its lines are held back because the reader is behind. */
  #isHeld = false
  #isAwaited = false
  /** Whether the result was requested from the native side. */
  #isAsked = false
  #isCancelled: boolean

  constructor(
    native: NativeEngine,
    { id, number, isCancelled }: { id: string; number: number; isCancelled: boolean },
    onHold: (isHeld: boolean) => void,
  ) {
    this.id = id
    this.number = number
    this.#native = native
    this.#isCancelled = isCancelled
    this.#onHold = onHold
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** Waits for the result, even if lines before its end stay unread. */
  wait(): Promise<ExecutionResult> {
    this.#isAwaited = true
    this.#askForResult()
    return this.ended
  }

  /** The process id, while there is a process. */
  get pid(): number | null {
    const summary = this.#native?.getSummary(this.id)
    return summary === undefined || isFailure(summary) ? null : summary.pid
  }

  /** Resolves with the process id, or with `null` if it ended without one. */
  started(): Promise<number | null> {
    this.#started ??= new Promise((resolve) => {
      this.#onStart = resolve
      // First, so that a start in between is not missed.
      this.#native?.wantStart(this.number)
      const { pid } = this
      if (pid !== null || this.#native === undefined) resolve(pid)
    })
    return this.#started
  }

  /** Stops the whole tree; a second call kills it. Returns whether it was still live. */
  cancel({ force = false }: CancelOptions = {}): boolean {
    this.#isCancelled = true
    // A failure means that it ended, and was removed, before its terminal event arrived here.
    return this.#native?.cancel(this.id, force) === true
  }

  /**
   * Cancels unless it was cancelled before, so it never skips the grace period. `signal`: the one whose abort is the
   * cause.
   */
  cancelOnce(signal?: AbortSignal): void {
    if (this.#isCancelled) return
    this.abortedBy = signal
    this.cancel()
  }

  /** Holds its lines back, or releases them. */
  hold(isHeld: boolean): void {
    if (this.#native === undefined || isHeld === this.#isHeld) return
    this.#isHeld = isHeld
    this.#native.setPaused(this.number, isHeld)
    this.#onHold(isHeld)
    this.#askForResult()
  }

  /** Drops further lines. */
  stopLines(): void {
    this.#native?.stopLines(this.number)
  }

  async writeStdin(bytes: Buffer): Promise<void> {
    this.#ignoreMissing(await this.#native?.writeStdin(this.id, bytes))
  }

  async closeStdin(): Promise<void> {
    this.#ignoreMissing(await this.#native?.closeStdin(this.id))
  }

  /** Its process has started. */
  start(pid: number): void {
    this.#onStart?.(pid)
  }

  /** Its terminal event has arrived. */
  end(result: ExecutionResult): void {
    this.#onStart?.(null)
    if (this.#isHeld) this.#onHold(false)
    this.#native = undefined
    // Waiters continue in a later microtask, so after the subscriber.
    this.#resolve(result)
  }

  /** An awaited result must not wait for unread lines. */
  #askForResult(): void {
    if (!this.#isHeld || !this.#isAwaited || this.#isAsked) return
    this.#isAsked = true
    const take = (answer: NativeResult | NativeFailure): void => {
      if (!isFailure(answer)) this.#resolve(answer)
    }
    this.#native?.waitForCompletion(this.id).then(take, () => {})
  }

  /** An execution that ended and was removed no longer reads its input. */
  #ignoreMissing(answer: NativeFailure | null | undefined): void {
    if (answer?.code !== 'NOT_FOUND') unwrap(answer)
  }
}
