/** An accepted execution until its end. */
import type { NativeEngine, NativeFailure, NativeResult } from '../../index.js'
import { unwrap } from '../errors.js'
import type { StdinTarget } from '../streams/stdin.js'
import type { CancelOptions, ExecutionResult } from '../types.js'
import type { Consumer } from './batch.js'

/**
 * What its handle and its engine do with an execution. While it is live it keeps the native engine in memory;
 * afterwards nothing has an effect any more.
 */
export class LiveExecution implements StdinTarget {
  readonly id: string
  /** Stands for it in batches. */
  readonly number: number
  /** Gets its events. */
  consumer: Consumer | undefined
  /** Resolves after the consumer has got the terminal event. */
  readonly ended: Promise<ExecutionResult>
  #resolve!: (result: ExecutionResult) => void
  /** Nothing after the end. */
  #native: NativeEngine | undefined
  readonly #onHold: (isHeld: boolean) => void
  /** Its lines are held back by a reader that does not read. */
  #isHeld = false
  #isAwaited = false
  /** The native side was asked for the result. */
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

  /** Waits for the result, also when lines before its end stay unread. */
  wait(): Promise<ExecutionResult> {
    this.#isAwaited = true
    this.#askForResult()
    return this.ended
  }

  /** Stops the whole tree; again for force. True when it was still live. */
  cancel({ force = false }: CancelOptions = {}): boolean {
    this.#isCancelled = true
    // A failure means that it has ended, and was removed, before its terminal event arrived here.
    return this.#native?.cancel(this.id, force) === true
  }

  /** Cancels unless that was asked for before: this is never for force. */
  cancelOnce(): void {
    if (!this.#isCancelled) this.cancel()
  }

  /** Holds its lines back, or lets them come again. */
  hold(isHeld: boolean): void {
    if (this.#native === undefined || isHeld === this.#isHeld) return
    this.#isHeld = isHeld
    this.#native.setPaused(this.number, isHeld)
    this.#onHold(isHeld)
    this.#askForResult()
  }

  /** Nobody reads its lines any more. */
  stopLines(): void {
    this.#native?.stopLines(this.number)
  }

  async writeStdin(bytes: Buffer): Promise<void> {
    this.#ignoreMissing(await this.#native?.writeStdin(this.id, bytes))
  }

  async closeStdin(): Promise<void> {
    this.#ignoreMissing(await this.#native?.closeStdin(this.id))
  }

  /** Its terminal event has come. */
  end(result: ExecutionResult): void {
    if (this.#isHeld) this.#onHold(false)
    this.#native = undefined
    // Whoever waits goes on in a later microtask, so after the consumer.
    this.#resolve(result)
  }

  /** A result that is waited for must not wait for lines that nobody reads. */
  #askForResult(): void {
    if (!this.#isHeld || !this.#isAwaited || this.#isAsked) return
    this.#isAsked = true
    const take = (answer: NativeResult | NativeFailure): void => {
      if (!('isFailure' in answer)) this.#resolve(answer)
    }
    this.#native?.waitForCompletion(this.id).then(take, () => {})
  }

  /** It has ended, and was forgotten: nobody reads its input any more. */
  #ignoreMissing(answer: NativeFailure | null | undefined): void {
    if (answer?.code !== 'NOT_FOUND') unwrap(answer)
  }
}
