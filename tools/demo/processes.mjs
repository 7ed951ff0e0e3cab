// Whether a process exists, according to the operating system, not the engine.

import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

// A zombie is a dead process that its parent has not reaped: its id still accepts signals.
const isZombie = (pid) => {
  try {
    return /^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

export const isAlive = (pid) => {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return error.code === 'EPERM'
  }
}

export const isGone = async (pid, netMs = 2000) => {
  const deadline = performance.now() + netMs
  while (isAlive(pid) && performance.now() < deadline) await pause(20)
  return !isAlive(pid)
}
