/** Lines between the engine, which pushes, and a `for await` loop, which pulls. Bounded by pausing the engine. */
import type { OutputLine } from '../types.js'

/** Characters above which the engine is asked to pause; at half of it, to go on. */
const HIGH_WATER = 256 * 1024

/** What the queue asks of the engine. */
export interface Flow {
  pause(paused: boolean): void
  /** Nobody reads any more. */
  stop(): void
}

export class LineQueue implements AsyncIterator<OutputLine, undefined> {
  readonly #flow: Flow
  #lines: OutputLine[] = []
  /** The first line not yet given out; those before it are dropped now and then, not one by one. */
  #head = 0
  #size = 0
  #paused = false
  #state: 'open' | 'ended' | 'closed' = 'open'
  #failure: Error | undefined
  #waiting: { resolve: (result: IteratorResult<OutputLine, undefined>) => void; reject: (error: Error) => void }[] = []

  constructor(flow: Flow) {
    this.#flow = flow
  }

  push(line: OutputLine): void {
    if (this.#state !== 'open') return
    const waiting = this.#waiting.shift()
    if (waiting) {
      waiting.resolve({ value: line, done: false })
      return
    }
    this.#lines.push(line)
    this.#size += line.text.length + 1
    if (this.#size > HIGH_WATER && !this.#paused) this.#pause(true)
  }

  /** No more lines will come. With an error, iteration throws it after the last one. */
  end(failure?: Error): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    this.#failure = failure
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (this.#failure) reject(this.#takeFailure())
      else resolve({ value: undefined, done: true })
    }
  }

  next(): Promise<IteratorResult<OutputLine, undefined>> {
    const line = this.#lines[this.#head]
    if (line) {
      this.#taken(line)
      return Promise.resolve({ value: line, done: false })
    }
    if (this.#state === 'open') {
      return new Promise((resolve, reject) => {
        this.#waiting.push({ resolve, reject })
      })
    }
    return this.#failure ? Promise.reject(this.#takeFailure()) : Promise.resolve({ value: undefined, done: true })
  }

  /** The loop was left: the execution goes on, its lines are no longer wanted. */
  return(): Promise<IteratorResult<OutputLine, undefined>> {
    const wasOpen = this.#state === 'open'
    this.#state = 'closed'
    this.#failure = undefined
    this.#lines = []
    // Others may still listen: they are not to wait for this loop any more.
    if (this.#paused) this.#pause(false)
    if (wasOpen) this.#flow.stop()
    for (const { resolve } of this.#waiting.splice(0)) resolve({ value: undefined, done: true })
    return Promise.resolve({ value: undefined, done: true })
  }

  #taken(line: OutputLine): void {
    this.#head += 1
    this.#size -= line.text.length + 1
    if (this.#head === this.#lines.length || this.#head === 4096) {
      this.#lines.splice(0, this.#head)
      this.#head = 0
    }
    if (this.#paused && this.#size < HIGH_WATER / 2) this.#pause(false)
  }

  #pause(paused: boolean): void {
    this.#paused = paused
    this.#flow.pause(paused)
  }

  #takeFailure(): Error {
    const failure = this.#failure ?? new Error('the execution failed')
    this.#failure = undefined
    return failure
  }
}
