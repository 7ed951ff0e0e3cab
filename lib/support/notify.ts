import { nextTick } from './timers.js'

/**
 * Calls a listener. What it throws becomes an uncaught exception, as with any event listener, and disturbs neither the
 * caller nor other listeners.
 */
export const notify = <Event>(listener: (event: Event) => unknown, event: Event): void => {
  try {
    // A promise that it returns is not awaited: if it rejects, that is an unhandled rejection.
    void listener(event)
  } catch (error) {
    nextTick(() => {
      throw error
    })
  }
}
