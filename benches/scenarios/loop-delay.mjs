// How long the event loop is held up while lines pour in, in milliseconds.
import { monitorEventLoopDelay } from 'node:perf_hooks'

import { producer } from '../lib/proc.mjs'

export const measure = async (peer, { lines, children = 1 }) => {
  const { lines: run, close } = peer.open()
  // Loading and compiling is not what is measured.
  await run(producer('lines'), ['200000'], () => {})
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  let seen = 0
  const each = Math.ceil(lines / children)
  await Promise.all(
    Array.from({ length: children }, () =>
      run(producer('lines'), [String(each)], () => {
        seen += 1
      }),
    ),
  )
  delay.disable()
  await close()
  if (seen !== each * children) throw new Error(`${seen} lines`)
  // The histogram holds the whole interval between two ticks, its millisecond included.
  return { value: delay.percentile(99) / 1e6 - 1, max: delay.max / 1e6 - 1 }
}
