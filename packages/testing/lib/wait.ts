import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** Resolves when the condition holds; throws at the deadline, which is a net and not a rhythm. */
export const until = async (condition: () => boolean, patienceMs = 10_000): Promise<void> => {
  const deadline = performance.now() + patienceMs
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`it did not come true within ${patienceMs} ms: ${condition}`)
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
