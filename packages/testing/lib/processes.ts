// Which processes carry a mark. Reads /proc: Linux only.

import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'

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
