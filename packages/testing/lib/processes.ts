// Which processes are there, and when they are gone. Reads /proc: Linux only.

import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

/** Whether processes can be looked for here. */
export const canLook = process.platform === 'linux'

/** A variable that marks a process and all that inherit from it. */
export interface Mark {
  readonly env: Record<string, string>
  /** Ids of the live processes that carry it; a zombie has no environment any more. */
  processes(): Promise<number[]>
}

export const newMark = (): Mark => {
  const value = randomUUID()
  const needle = `EXECUTION_TEST_MARK=${value}`
  const carries = async (pid: string) => {
    try {
      return (await readFile(`/proc/${pid}/environ`, 'latin1')).split('\0').includes(needle)
    } catch {
      return false
    }
  }
  return {
    env: { EXECUTION_TEST_MARK: value },
    processes: async () => {
      const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
      const carrying = await Promise.all(pids.map(async (pid) => ((await carries(pid)) ? [Number(pid)] : [])))
      return carrying.flat()
    },
  }
}

/** Waits until a condition holds; false when the deadline passes first. */
export const eventually = async (holds: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<boolean> => {
  const deadline = performance.now() + withinMs
  while (!(await holds())) {
    if (performance.now() > deadline) return false
    await pause(20)
  }
  return true
}

/** Whether no process with the mark is left before the deadline. */
export const allGone = (mark: Mark): Promise<boolean> => eventually(async () => (await mark.processes()).length === 0)

/** Whether this many processes with the mark are there before the deadline. */
export const areThere = (mark: Mark, count: number): Promise<boolean> =>
  eventually(async () => (await mark.processes()).length >= count)
