/** Sends the events of one run to its state, its listener, and every loop over it. */
import { AsyncQueue, notify } from '@escher/execution-engine/support'

import type { PlaybookEvent, PlaybookEventListener } from './events.js'

/** How many events a loop may lag behind before output waits for it. */
const EVENTS_BEHIND = 4096

/** Distributes over the types of events, which `Omit` alone does not. */
type Without<Event, Names extends PropertyKey> = Event extends unknown ? Omit<Event, Names> : never

/** An event without its run and time. */
export type EventPayload = Without<PlaybookEvent, 'runId' | 'playbookId' | 'timestamp'>

/** Emits the events of a run. */
export class EventStream {
  readonly #origin: { readonly runId: string; readonly playbookId: string }
  readonly #apply: (event: PlaybookEvent) => void
  readonly #listener: PlaybookEventListener | undefined
  readonly #queues = new Set<AsyncQueue<PlaybookEvent>>()
  #hasEnded = false
  #isUnbounded = false

  /** `apply` sees each event first, so the run's state is never behind. */
  constructor(
    origin: { runId: string; playbookId: string },
    apply: (event: PlaybookEvent) => void,
    listener: PlaybookEventListener | undefined,
  ) {
    this.#origin = origin
    this.#apply = apply
    this.#listener = listener
  }

  get hasSubscribers(): boolean {
    return this.#listener !== undefined || this.#queues.size > 0
  }

  emit(payload: EventPayload): void {
    const event = Object.freeze({ ...payload, ...this.#origin, timestamp: new Date().toISOString() }) as PlaybookEvent
    this.#apply(event)
    if (this.#listener) notify(this.#listener, event)
    for (const queue of this.#queues) queue.push(event)
  }

  /** Emits an event, and resolves when every loop has caught up: a slow loop slows the program down. */
  async emitWithBackpressure(payload: EventPayload): Promise<void> {
    this.emit(payload)
    for (const queue of this.#queues) if (queue.isFull) await queue.drained()
  }

  /** Stops waiting for loops: the run is to end, and a loop may never continue. */
  liftBackpressure(): void {
    this.#isUnbounded = true
    for (const queue of this.#queues) queue.unbound()
  }

  /** No more events will come. */
  end(): void {
    this.#hasEnded = true
    for (const queue of this.#queues) queue.end()
    this.#queues.clear()
  }

  /** All events from now on. Leaving the loop unsubscribes it; the run continues. */
  iterate(): AsyncIterableIterator<PlaybookEvent, undefined> {
    const queue = new AsyncQueue<PlaybookEvent>({
      highWater: EVENTS_BEHIND,
      onLeave: () => this.#queues.delete(queue),
    })
    if (this.#isUnbounded) queue.unbound()
    if (this.#hasEnded) queue.end()
    else this.#queues.add(queue)
    return queue
  }
}
