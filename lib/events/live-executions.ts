/** The executions of an engine that have not ended, as JavaScript knows them. */
// Not the global one: tests that fake time would never let the next batch come.
import { setImmediate, setTimeout } from 'node:timers'

import type { NativeEngine, NativeFailure, NativeResult } from '../../index.js'
import { type Audience, COLUMNS, type Consumer, dispatch } from './batch.js'
import type { ExecutionResult } from '../types.js'

/** Rows that cross without an array of their own. */
const TABLE_ROWS = 1024

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
    const acknowledge = (): void => this.#engine?.deref()?.acknowledge()
    const readAgain = (): void => this.#engine?.deref()?.readAgain()
    // The native side decides how long to wait; a timer is cheapest here.
    const take: Receive = (text, count, ownRows, events, isOwnRead, delayMs) => {
      try {
        dispatch({ text, count, rows: ownRows ?? table, events }, this)
      } finally {
        const next = isOwnRead ? readAgain : acknowledge
        if (delayMs > 0) setTimeout(next, delayMs)
        else if (delayMs === 0) setImmediate(next)
        else if (!isOwnRead) next()
      }
    }
    return [Buffer.from(table.buffer), take]
  }
}
