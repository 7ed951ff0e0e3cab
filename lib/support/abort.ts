/** Following an `AbortSignal` without leaving a listener on it. */

/** Calls `act` when the signal is aborted, at once if it already is. Returns a function that stops following. */
export const onAbort = (signal: AbortSignal | undefined, act: () => void): (() => void) => {
  if (signal === undefined) return () => {}
  if (signal.aborted) {
    act()
    return () => {}
  }
  signal.addEventListener('abort', act, { once: true })
  return () => {
    try {
      signal.removeEventListener('abort', act)
    } catch {
      // The caller's signal, of a class of its own: it loses nothing by keeping a listener.
    }
  }
}

/**
 * Waits for work that may take for ever, at most until the signal is aborted.
 *
 * @throws the signal's reason; the work is not begun when it was aborted before.
 */
export const unlessAborted = <Value>(work: () => Promise<Value> | Value, signal: AbortSignal): Promise<Value> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const stopFollowing = onAbort(signal, () => reject(signal.reason as Error))
    const working = (async () => work())()
    working.then(resolve, reject).finally(stopFollowing)
  })
