// For the scaling table: lines from many children, with or without a listener. The cost of a line, in nanoseconds, is
// measured from the opening of the gate. The cost of a child, in microseconds, is its start before that and its end
// after the last line. The host's CPU time covers all its threads, from the gate until all children have ended.
import { makeGate } from '../lib/gate.mjs'
import { producer } from '../lib/proc.mjs'

const limit = 10 * 2 ** 20

export const measure = async (peer, { lines, children = 1, isRead = true, keptEach }) => {
  // The engine keeps output up to a limit per child, so more children would mean more work. The limit is divided among
  // them. (Peers keep nothing, and have no limit.)
  const maxOutputSizeBytes = keptEach ?? Math.ceil(limit / children)
  const { lines: run, drain, close } = peer.open({ maxOutputSizeBytes })
  if (isRead) await run(producer('lines'), ['100000'], () => {})
  else await drain(producer('lines'), ['100000'])
  const each = Math.ceil(lines / children)
  const expected = each * children
  let seen = 0
  let lastAt
  const onLine = () => {
    seen += 1
    if (seen === expected) lastAt = performance.now()
  }
  const gate = makeGate(children)
  const args = [String(each), gate.folder]
  const start = () => (isRead ? run(producer('lines'), args, onLine) : drain(producer('lines'), args))
  const began = performance.now()
  const all = Promise.all(Array.from({ length: children }, start))
  await gate.allHere(all)
  const cpuBefore = process.cpuUsage()
  const opened = gate.open()
  const bytes = await all
  const cpu = process.cpuUsage(cpuBefore)
  const ended = performance.now()
  gate.remove()
  await close()
  if (isRead ? seen !== expected : bytes.some((count) => count !== each * 80)) throw new Error('not all has arrived')
  // Without a listener the last line goes unseen, so the ends of the children count as the lines' cost.
  const read = lastAt ?? ended
  return {
    perLine: ((read - opened) * 1e6) / expected,
    cpuPerLine: ((cpu.user + cpu.system) * 1000) / expected,
    perChild: ((opened - began + (ended - read)) * 1000) / children,
  }
}
