/** The executions of an engine that have not ended, as JavaScript knows them. */
// Not the global one: tests that fake time would never let the next batch come.
import { setImmediate, setTimeout } from 'node:timers'

import type { NativeEngine, NativeFailure, NativeResult } from '../../index.js'
import { type Audience, COLUMNS, type Consumer, TIME, dispatch } from './batch.js'
import { Traffic } from './coalescing.js'
import type { ExecutionResult } from '../types.js'

/** Rows that cross without an array of their own. */
const TABLE_ROWS = 1024
/** A batch with less text than this, in characters, is over in no time. */
const SHORT = 4 * 1024
/** So many of them may follow each other without a turn of the event loop in between. */
const MAX_AT_ONCE = 16

type Receive = Parameters<typeof NativeEngine.create>[3]

interface Live {
  id: string
  consumer: Consumer | undefined
  ended: Promise<ExecutionResult>
  end: (result: ExecutionResult) => void
  /** Its lines are held back by a reader that does not read: nothing to stay awake for. */
  isHeld: boolean
  /** Somebody waits for the result. */
  isAwaited: boolean
  /** The native side was asked for it already. */
  isHurried: boolean
}

const deferred = (): Pick<Live, 'ended' | 'end'> => {
  let end!: Live['end']
  const ended = new Promise<ExecutionResult>((resolve) => {
    end = resolve
  })
  return { ended, end }
}

/** Engines that have something running in this thread, for the thread's last moment. */
const busy = new Set<LiveExecutions>()
let watchesExit = false

const watchExit = (): void => {
  if (watchesExit) return
  watchesExit = true
  // `process.exit()` and an uncaught exception run no cleanup of the native side; this they run.
  process.once('exit', () => {
    for (const live of busy) live.abort()
  })
}

/**
 * Takes batches and tells whom they concern. The native side holds this object for as long as it lives; so this object
 * holds the native one only while something is live: an engine that is idle and forgotten can be collected.
 */
export class LiveExecutions implements Audience {
  readonly #byNumber = new Map<number, Live>()
  readonly #byId = new Map<string, Live>()
  #lastNumber = 0
  #engine: WeakRef<NativeEngine> | undefined
  #busy: NativeEngine | undefined
  #isAwake = false
  /** How many of them are held back by their readers. */
  #held = 0
  readonly #traffic = new Traffic()
  /** Short batches that were acknowledged at once, one after the other. */
  #atOnce = 0

  attach(engine: NativeEngine): void {
    this.#engine = new WeakRef(engine)
  }

  /** What is to stand for the next execution in batches. */
  nextNumber(): number {
    // As the border has it: of 32 bits.
    this.#lastNumber = (this.#lastNumber + 1) >>> 0
    return this.#lastNumber
  }

  add(number: number, id: string, consumer: Consumer | undefined): void {
    const live: Live = { id, consumer, isHeld: false, isAwaited: false, isHurried: false, ...deferred() }
    this.#byNumber.set(number, live)
    this.#byId.set(id, live)
    this.#busy ??= this.#engine?.deref()
    busy.add(this)
    watchExit()
    this.#stayAwake()
  }

  /** Its reader does not read, or reads again. */
  hold(number: number, isHeld: boolean): void {
    const live = this.#byNumber.get(number)
    if (live === undefined) return
    this.#held += Number(isHeld) - Number(live.isHeld)
    live.isHeld = isHeld
    this.#busy?.setPaused(number, isHeld)
    this.#stayAwake()
    this.#hurry(live)
  }

  /** Resolves after the consumer has seen the terminal event. */
  ending(id: string): Promise<ExecutionResult> | undefined {
    return this.#byId.get(id)?.ended
  }

  /** The same for somebody who waits for it: also when lines before that event stay unread. */
  awaited(id: string): Promise<ExecutionResult> | undefined {
    const live = this.#byId.get(id)
    if (live === undefined) return undefined
    live.isAwaited = true
    this.#hurry(live)
    return live.ended
  }

  /** Whoever waits for a result need not have read the lines. */
  #hurry(live: Live): void {
    const { id, isHeld, isAwaited, isHurried, end } = live
    if (!isHeld || !isAwaited || isHurried) return
    live.isHurried = true
    const tell = (answer: NativeResult | NativeFailure): void => {
      if (!('isFailure' in answer)) end(answer as ExecutionResult)
    }
    this.#busy?.waitForCompletion(id).then(tell, () => {})
  }

  consumer(number: number): Live | undefined {
    return this.#byNumber.get(number)
  }

  ended(number: number, result: ExecutionResult): void {
    const live = this.#byNumber.get(number)
    if (live === undefined) return
    this.#byNumber.delete(number)
    this.#byId.delete(live.id)
    this.#held -= Number(live.isHeld)
    // Resolved in a later microtask, so after the consumer.
    live.end(result)
    this.#stayAwake()
    if (this.#byNumber.size === 0) {
      this.#busy = undefined
      busy.delete(this)
    }
  }

  /** What runs keeps the program alive; an idle engine does not. */
  #stayAwake(): void {
    const isAwake = this.#byNumber.size > this.#held
    if (isAwake !== this.#isAwake) this.#busy?.setKeepAlive(isAwake)
    this.#isAwake = isAwake
  }

  /** Kills what runs, and blocks until it is gone. */
  abort(): void {
    this.#busy?.abortNow()
  }

  /** What the native side is given: where rows go, and what to call. Made here, where nothing else is in scope. */
  receiver(): [Buffer, Receive] {
    const table = new Float64Array(TABLE_ROWS * COLUMNS)
    const take: Receive = (text, count, ownRows, events, isHeard) => {
      const batch = { text, count, rows: ownRows ?? table, events }
      const lines = dispatch(batch, this)
      // All of a batch was read at about the same time, and its clock is the only one that costs nothing to look at.
      const pause = this.#traffic.pause(lines, count, batch.rows[TIME] ?? 0, text.length)
      if (!isHeard) this.#acknowledge(text.length, pause)
      // A turn of the event loop has brought it; the next comes in another.
      else if (pause > 0) setTimeout(() => this.#engine?.deref()?.readAgain(), pause)
      return pause === 0
    }
    return [Buffer.from(table.buffer), take]
  }

  /** Done with a batch that somebody else has read: the next may come, at once or later. */
  #acknowledge(length: number, pause: number): void {
    const acknowledge = (): void => this.#engine?.deref()?.acknowledge()
    this.#atOnce = length < SHORT && this.#atOnce < MAX_AT_ONCE ? this.#atOnce + 1 : 0
    // Whatever else there is goes this way, too, ends for one: it is not to wait for long.
    if (pause > 0) setTimeout(acknowledge, 1)
    else if (this.#atOnce > 0) acknowledge()
    // In a turn of its own: between two batches the event loop gets to everything else.
    else setImmediate(acknowledge)
  }
}
