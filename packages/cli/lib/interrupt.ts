/** Ctrl-C, and the other ways in which somebody asks a command line to end. */

/** Calls `cancel` at the first, ends the program at the second: what runs is killed then, by the engine's own exit. */
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
