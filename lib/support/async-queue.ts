/** Items between a producer, which pushes, and a `for await` loop, which pulls. */

export interface AsyncQueueOptions<Item> {
  /** The size at which the queue is full. It accepts more at half of it. */
  readonly highWater: number
  /** What an item adds to the size. @default 1 */
  readonly sizeOf?: (item: Item) => number
  /** Called when the queue becomes full, and when it accepts more. The producer may pause in between. */
  readonly onFull?: (isFull: boolean) => void
  /** Called when the reader leaves before the end. */
  readonly onLeave?: () => void
}

/** After this many reads, their slots are released all at once. */
const SLOTS = 4096

/**
 * A queue that tells its producer when it is full. It never refuses an item, because a producer may not be able to stop
 * immediately.
 *
 * @example
 * const queue = new AsyncQueue<string>({ highWater: 64 * 1024, sizeOf: (text) => text.length, onFull: pause })
 * queue.push('one')
 * queue.end()
 * for await (const text of queue) console.log(text)
 */
export class AsyncQueue<Item> implements AsyncIterableIterator<Item, undefined> {
  readonly #options: AsyncQueueOptions<Item>
  readonly #sizeOf: (item: Item) => number
  #items: Item[] = []
  /** The first item not yet read. */
  #head = 0
  #size = 0
  #isFull = false
  #isUnbounded = false
  #state: 'open' | 'ended' | 'left' = 'open'
  #failure: Error | undefined
  #readers: { resolve: (result: IteratorResult<Item, undefined>) => void; reject: (reason: unknown) => void }[] = []
  #producers: (() => void)[] = []

  constructor(options: AsyncQueueOptions<Item>) {
    this.#options = options
    this.#sizeOf = options.sizeOf ?? (() => 1)
  }

  /** Whether the producer should pause. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** Resolves when the queue is no longer full, or has no reader. */
  drained(): Promise<void> {
    if (!this.#isFull) return Promise.resolve()
    return new Promise((resolve) => {
      this.#producers.push(resolve)
    })
  }

  /** Lifts the bound for good, so that the producer can finish even if the items stay unread. */
  unbound(): void {
    this.#isUnbounded = true
    this.#setFull(false)
  }

  push(item: Item): void {
    if (this.#state !== 'open') return
    const reader = this.#readers.shift()
    if (reader !== undefined) {
      reader.resolve({ value: item, done: false })
      return
    }
    this.#items.push(item)
    this.#size += this.#sizeOf(item)
    if (this.#size >= this.#options.highWater && !this.#isUnbounded) this.#setFull(true)
  }

  /** No more items will come. With a failure, iteration throws it after the last item, once. */
  end(failure?: Error): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    this.#failure = failure
    for (const { resolve, reject } of this.#readers.splice(0)) {
      const thrown = this.#takeFailure()
      if (thrown === undefined) resolve({ value: undefined, done: true })
      else reject(thrown)
    }
    this.#letProducersGo()
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    if (this.#head < this.#items.length) return Promise.resolve({ value: this.#take(), done: false })
    if (this.#state === 'open') {
      return new Promise((resolve, reject) => {
        this.#readers.push({ resolve, reject })
      })
    }
    const failure = this.#takeFailure()
    return failure === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(failure)
  }

  /** The reader left the loop: further items are dropped. */
  return(): Promise<IteratorResult<Item, undefined>> {
    const wasOpen = this.#state === 'open'
    this.#state = 'left'
    this.#failure = undefined
    this.#items = []
    this.#head = 0
    this.#size = 0
    // The producer may have other readers, which must not wait for this one.
    this.#setFull(false)
    if (wasOpen) this.#options.onLeave?.()
    for (const { resolve } of this.#readers.splice(0)) resolve({ value: undefined, done: true })
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #take(): Item {
    const item = this.#items[this.#head] as Item
    this.#head += 1
    this.#size -= this.#sizeOf(item)
    if (this.#head === this.#items.length || this.#head === SLOTS) {
      this.#items.splice(0, this.#head)
      this.#head = 0
    }
    if (this.#size < this.#options.highWater / 2) this.#setFull(false)
    return item
  }

  #setFull(isFull: boolean): void {
    if (isFull === this.#isFull) return
    this.#isFull = isFull
    this.#options.onFull?.(isFull)
    if (!isFull) this.#letProducersGo()
  }

  #letProducersGo(): void {
    for (const go of this.#producers.splice(0)) go()
  }

  #takeFailure(): Error | undefined {
    const failure = this.#failure
    this.#failure = undefined
    return failure
  }
}
