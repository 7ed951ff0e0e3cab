// How long the event loop is blocked while many lines arrive, in milliseconds.
import { monitorEventLoopDelay } from 'node:perf_hooks'

import { makeGate } from '../lib/gate.mjs'
import { producer } from '../lib/proc.mjs'

// The histogram records the whole interval between two ticks, so the timer's own millisecond is subtracted.
const beyond = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - 1)

export const measure = async (peer, { lines, children = 1 }) => {
  const { lines: run, close } = peer.open()
  // Loading and compiling are not measured, and starting children is another row.
  await run(producer('lines'), ['200000'], () => {})
  const gate = makeGate(children)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  let seen = 0
  const each = Math.ceil(lines / children)
  const expected = each * children
  const onLine = () => {
    seen += 1
    if (seen === expected) delay.disable()
  }
  const start = () => run(producer('lines'), [String(each), gate.folder], onLine)
  const all = Promise.all(Array.from({ length: children }, start))
  await gate.allHere(all)
  delay.enable()
  gate.open()
  await all
  gate.remove()
  await close()
  if (seen !== expected) throw new Error(`${seen} lines of ${expected}`)
  return {
    value: beyond(delay.percentile(99)),
    p50: beyond(delay.percentile(50)),
    max: beyond(delay.max),
    ticks: delay.count,
  }
}
