/** Ctrl-C, and the other signals that ask a command line to end. */

/**
 * The first signal calls `cancel`; the second exits, and the engine's exit hook kills what runs. Returns a function
 * that stops listening.
 */
export const onInterrupt = (cancel: () => void, exitCode: number): (() => void) => {
  let isFirst = true
  const interrupted = (): void => {
    if (!isFirst) process.exit(exitCode)
    isFirst = false
    process.stderr.write('\ncancelling; once more to force\n')
    cancel()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, interrupted)
  return () => {
    for (const signal of signals) process.off(signal, interrupted)
  }
}
