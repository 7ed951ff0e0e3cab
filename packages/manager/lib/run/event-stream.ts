/** The events of one run: to its state, to its listener, and to whoever iterates. */
import type { PlaybookEvent, PlaybookEventListener } from './types.js'

/** Events one reader may be behind before lines of output wait for it. */
const HIGH_WATER = 4096

/** Events between the run, which pushes, and a `for await` loop, which pulls. */
class EventQueue implements AsyncIterableIterator<PlaybookEvent, undefined> {
  #events: PlaybookEvent[] = []
  #head = 0
  #state: 'open' | 'ended' | 'closed' = 'open'
  #readers: ((result: IteratorResult<PlaybookEvent, undefined>) => void)[] = []
  #onRoom: (() => void)[] = []
  readonly #onClose: (queue: EventQueue) => void

  constructor(onClose: (queue: EventQueue) => void) {
    this.#onClose = onClose
  }

  get isFull(): boolean {
    return this.#events.length - this.#head >= HIGH_WATER
  }

  /** Resolves when there is room, or nobody reads any more. */
  room(): Promise<void> {
    if (!this.isFull || this.#state !== 'open') return Promise.resolve()
    return new Promise((resolve) => {
      this.#onRoom.push(resolve)
    })
  }

  push(event: PlaybookEvent): void {
    if (this.#state !== 'open') return
    const reader = this.#readers.shift()
    if (reader) reader({ value: event, done: false })
    else this.#events.push(event)
  }

  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    this.#close()
  }

  next(): Promise<IteratorResult<PlaybookEvent, undefined>> {
    const event = this.#events[this.#head]
    if (event !== undefined) {
      this.#head += 1
      // Dropped now and then, not one by one.
      if (this.#head === this.#events.length || this.#head === HIGH_WATER) {
        this.#events.splice(0, this.#head)
        this.#head = 0
      }
      if (this.#onRoom.length > 0 && !this.isFull) for (const go of this.#onRoom.splice(0)) go()
      return Promise.resolve({ value: event, done: false })
    }
    if (this.#state !== 'open') return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve) => {
      this.#readers.push(resolve)
    })
  }

  /** The loop was left: the run goes on. */
  return(): Promise<IteratorResult<PlaybookEvent, undefined>> {
    this.#state = 'closed'
    this.#events = []
    this.#head = 0
    this.#close()
    this.#onClose(this)
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Lets go of those who wait for room. */
  release(): void {
    for (const go of this.#onRoom.splice(0)) go()
  }

  #close(): void {
    for (const reader of this.#readers.splice(0)) reader({ value: undefined, done: true })
    this.release()
  }
}

/** The part of an event that says what happened; when and where is added. */
type Without<Event, Names extends PropertyKey> = Event extends unknown ? Omit<Event, Names> : never
export type Happening = Without<PlaybookEvent, 'runId' | 'playbookId' | 'timestamp'>

export class Events {
  readonly #origin: { readonly runId: string; readonly playbookId: string }
  readonly #listener: PlaybookEventListener | undefined
  readonly #onEvent: (event: PlaybookEvent) => void
  readonly #queues = new Set<EventQueue>()
  #hasEnded = false
  #isHurried = false

  constructor(
    origin: { runId: string; playbookId: string },
    onEvent: (event: PlaybookEvent) => void,
    listener: PlaybookEventListener | undefined,
  ) {
    this.#origin = origin
    this.#onEvent = onEvent
    this.#listener = listener
  }

  /** Somebody would see lines of output. */
  get areWatched(): boolean {
    return this.#listener !== undefined || this.#queues.size > 0
  }

  emit(happening: Happening): void {
    const event = Object.freeze({ ...happening, ...this.#origin, timestamp: new Date().toISOString() }) as PlaybookEvent
    this.#onEvent(event)
    if (this.#listener) tell(this.#listener, event)
    for (const queue of this.#queues) queue.push(event)
  }

  /** Emits, and resolves when those who read have kept up: so a slow reader slows the program down. */
  async emitSlowly(happening: Happening): Promise<void> {
    this.emit(happening)
    for (const queue of this.#queues) if (queue.isFull && !this.#isHurried) await queue.room()
  }

  /** Waits for no reader any more: the run is to end, and one of them may never come back. */
  hurry(): void {
    this.#isHurried = true
    for (const queue of this.#queues) queue.release()
  }

  /** No more will come. */
  end(): void {
    this.#hasEnded = true
    for (const queue of this.#queues) queue.end()
    this.#queues.clear()
  }

  iterate(): AsyncIterableIterator<PlaybookEvent, undefined> {
    const queue = new EventQueue((closed) => this.#queues.delete(closed))
    if (this.#hasEnded) queue.end()
    else this.#queues.add(queue)
    return queue
  }
}

/** What a listener throws is an uncaught exception, as with any event listener; it is no reason to stop the run. */
const tell = (listener: PlaybookEventListener, event: PlaybookEvent): void => {
  try {
    listener(event)
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}
