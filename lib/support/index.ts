/**
 * What the packages of this project share: a queue, hints, handles, aborting. It is not part of the public API and may
 * change in any version.
 *
 * @packageDocumentation
 */
export { onAbort, unlessAborted } from './abort.js'
export { AsyncQueue, type AsyncQueueOptions } from './async-queue.js'
export { type Aliases, didYouMean, nearest } from './did-you-mean.js'
export { notify } from './notify.js'
export { Thenable } from './thenable.js'
export { delay, nextTick, now, setImmediate, setTimeout } from './timers.js'
