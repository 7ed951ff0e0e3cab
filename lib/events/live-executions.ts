/** The executions of an engine that have not ended, as JavaScript knows them. */
import type { NativeEngine } from '../../index.js'
import { hostEnvironment } from '../binding/environment.js'
import type { NativeRequest } from '../binding/request.js'
import { unwrap } from '../errors.js'
import { setImmediate, setTimeout } from '../support/index.js'
import { COLUMNS, type Executions, dispatch } from './batch.js'
import type { ExecutionResult } from '../types.js'
import { LiveExecution } from './live-execution.js'

/** Rows that cross without an array of their own. */
const TABLE_ROWS = 1024

type Receive = Parameters<typeof NativeEngine.create>[4]

/** Engines with live executions in this thread, for the end of the thread. */
const busy = new Set<LiveExecutions>()
let watchesExit = false

const watchExit = (): void => {
  if (watchesExit) return
  watchesExit = true
  // `process.exit()` and an uncaught exception run no native cleanup, but they do run this.
  process.once('exit', () => {
    for (const live of busy) live.abort()
  })
}

/**
 * Passes batches to their executions. The native side holds this object as long as it lives. This object holds the
 * native side only through live executions, so that an idle, unreferenced engine can be collected.
 */
export class LiveExecutions implements Executions {
  readonly #byNumber = new Map<number, LiveExecution>()
  readonly #byId = new Map<string, LiveExecution>()
  #lastNumber = 0
  #native: WeakRef<NativeEngine> | undefined
  #isAwake = false
  /** How many executions their readers hold back. These do not keep the program alive. */
  #held = 0

  attach(native: NativeEngine): void {
    this.#native = new WeakRef(native)
  }

  /** Passes a request to the native side. @throws ExecutionEngineError if it is refused */
  accept(native: NativeEngine, request: NativeRequest, isCancelled = false): LiveExecution {
    // 32 bits, as on the native side.
    const number = (this.#lastNumber + 1) >>> 0
    this.#lastNumber = number
    const id = unwrap<string>(native.execute(request[0], request[1], number, isCancelled, hostEnvironment()))
    const execution = new LiveExecution(native, { id, number, isCancelled }, (isHeld) => {
      this.#held += isHeld ? 1 : -1
      this.#stayAwake()
    })
    this.#byNumber.set(number, execution)
    this.#byId.set(id, execution)
    busy.add(this)
    watchExit()
    this.#stayAwake()
    return execution
  }

  find(id: string): LiveExecution | undefined {
    return this.#byId.get(id)
  }

  byNumber(number: number): LiveExecution | undefined {
    return this.#byNumber.get(number)
  }

  ended(number: number, result: ExecutionResult): void {
    const execution = this.#byNumber.get(number)
    if (execution === undefined) return
    this.#byNumber.delete(number)
    this.#byId.delete(execution.id)
    // Before it ends: an ended execution no longer keeps the native side in memory.
    this.#stayAwake()
    execution.end(result)
    if (this.#byNumber.size === 0) busy.delete(this)
  }

  /** Live executions keep the program alive; an idle engine does not. */
  #stayAwake(): void {
    const isAwake = this.#byNumber.size > this.#held
    if (isAwake !== this.#isAwake) this.#native?.deref()?.setKeepAlive(isAwake)
    this.#isAwake = isAwake
  }

  /** Kills what runs, and blocks until it is gone. */
  abort(): void {
    this.#native?.deref()?.abortNow()
  }

  /**
   * What the native side gets: the table for rows, and the function to call. Made here, so that its closure holds
   * nothing else.
   */
  receiver(): [Buffer, Receive] {
    const table = new Float64Array(TABLE_ROWS * COLUMNS)
    const acknowledge = (): void => this.#native?.deref()?.acknowledge()
    const readAgain = (): void => this.#native?.deref()?.readAgain()
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
