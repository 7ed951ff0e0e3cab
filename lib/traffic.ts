/** When to let small things gather: what crosses the border costs by the crossing. */
import { performance } from 'node:perf_hooks'

import type { Batch } from './events.js'

/** Milliseconds over which reads are counted. */
const WINDOW = 4
/** Reads in a window, above which waiting a millisecond saves more crossings than it costs anybody time. */
const CROWD = 80
/** A batch with more text than this, in characters, was worth its crossing. */
const LARGE = 32 * 1024

/** How many reads come in, by and by forgotten. */
export class Traffic {
  #reads = 0
  #at = 0

  /** Whether the next batch had better wait: very many children write very little each. */
  isCrowded({ text, count }: Batch): boolean {
    const now = performance.now()
    this.#reads = this.#reads * Math.exp((this.#at - now) / WINDOW) + count
    this.#at = now
    return this.#reads > CROWD && text.length < LARGE
  }
}
