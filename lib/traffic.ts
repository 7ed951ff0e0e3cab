/** When to let small things gather: what crosses the border costs by the crossing. */

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

  /** Whether the next batch had better wait, after so many reads at this time: very many children write very little each. */
  isCrowded(reads: number, at: number, length: number): boolean {
    // Clocks are set back now and then.
    const passed = Math.max(0, at - this.#at)
    this.#at = at
    this.#reads = (passed === 0 ? this.#reads : this.#reads * Math.exp(-passed / WINDOW)) + reads
    return this.#reads > CROWD && length < LARGE
  }
}
