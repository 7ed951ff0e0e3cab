/** When to let small things gather: what is little costs by the piece. */

/** Milliseconds over which lines are counted. */
const WINDOW = 4
/** Lines in a millisecond above which nobody reads them one by one. */
const CROWD = 20
/** A batch with more text than this, in characters, was worth its crossing. */
const LARGE = 32 * 1024
/** So was one with more lines than this of each that wrote: the rest of what somebody had to say, who may have ended. */
const MANY = 8
/** How long lines may gather then, in milliseconds: a frame of a screen. */
const FRAME = 16

/** How many lines come in, older ones by and by forgotten. */
export class Traffic {
  /** Lines in a millisecond. */
  #rate = 0
  #lines = 0
  #at = 0

  /** How long to wait for the next batch, after so many lines in so many rows, at this time in a text of this length. */
  pause(lines: number, rows: number, at: number, length: number): number {
    this.#lines += lines
    const passed = at - this.#at
    // Several in one millisecond count together; clocks are set back now and then.
    if (passed !== 0) {
      const share = 1 - Math.exp(-Math.abs(passed) / WINDOW)
      this.#rate += (this.#lines / Math.abs(passed) - this.#rate) * share
      this.#lines = 0
      this.#at = at
    }
    const isLittle = length > 0 && length < LARGE && lines < MANY * rows
    return this.#rate > CROWD && isLittle ? FRAME : 0
  }
}
