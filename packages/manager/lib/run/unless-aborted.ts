/** What others do for a run may take for ever; a run that is cancelled waits no longer. @throws the signal's reason */
export const unlessAborted = <Value>(work: () => Promise<Value> | Value, signal: AbortSignal): Promise<Value> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const onAbort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    const forget = (): void => signal.removeEventListener('abort', onAbort)
    const working = (async () => work())()
    working.then(resolve, reject)
    working.then(forget, forget)
  })
