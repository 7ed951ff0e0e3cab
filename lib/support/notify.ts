import { nextTick } from './timers.js'

/**
 * Calls a listener. An exception becomes an uncaught exception, as with any event listener, and affects neither the
 * caller nor other listeners.
 */
export const notify = <Event>(listener: (event: Event) => unknown, event: Event): void => {
  try {
    // A promise that it returns is not awaited: a rejection is an unhandled rejection.
    void listener(event)
  } catch (error) {
    nextTick(() => {
      throw error
    })
  }
}
