import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** How long a test waits for what should come soon: a net for a busy machine, not a rhythm. */
export const NET_MS = 60_000

/** Resolves when the condition holds; throws when the net is reached. */
export const until = async (condition: () => boolean | Promise<boolean>, netMs = NET_MS): Promise<void> => {
  const deadline = performance.now() + netMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it did not come true within ${netMs} ms: ${condition}`)
    await pause(10)
  }
}

// A zombie is a dead process whose parent has not asked yet: its id still answers to a signal.
const isZombie = (pid: number): boolean => {
  try {
    return /^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
