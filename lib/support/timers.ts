/**
 * Timers as they are when this module is loaded. Tests that fake time replace the global functions and those of
 * `node:timers`. Reading them at each call would stop the engine meanwhile, or for good if a call was lost.
 */
import * as timers from 'node:timers'
import * as promises from 'node:timers/promises'

export const { setImmediate, setTimeout } = timers

/** Resolves after these milliseconds; rejects when `options.signal` is aborted. */
export const delay = promises.setTimeout

export const { nextTick } = process

/** Milliseconds on the monotonic clock. */
export const now: () => number = performance.now.bind(performance)
