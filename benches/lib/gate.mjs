// A gate at which children of `lines` and `ticks` wait, so that the cost of starting them is not measured.
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const counted = async (file, expected, signal) => {
  while (!signal.aborted && statSync(file).size < expected) await sleep(1)
}

export const makeGate = (expected) => {
  const folder = mkdtempSync(join(tmpdir(), 'execution-engine-gate-'))
  const [ready, go] = [join(folder, 'ready'), join(folder, 'go')]
  writeFileSync(ready, '')
  execFileSync('mkfifo', [go])
  let opened
  return {
    folder,
    // `children` is the promise of their end. If that comes first, there is nothing to wait for.
    allHere: async (children) => {
      const waiting = new AbortController()
      const ended = children.then(() => {
        throw new Error('the children ended before the gate was open')
      })
      try {
        await Promise.race([counted(ready, expected, waiting.signal), ended])
      } finally {
        waiting.abort()
        ended.catch(() => {})
      }
    },
    // Opened for reading too, so that opening does not block; and left open, for a child that is about to look.
    open: () => {
      opened = openSync(go, 'r+')
      return performance.now()
    },
    remove: () => {
      if (opened !== undefined) closeSync(opened)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
