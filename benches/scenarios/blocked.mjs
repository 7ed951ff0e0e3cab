// How long one start blocks the JavaScript thread, in microseconds, in a host of a given size. `busy` is all the
// thread's CPU time from the call until the child's end was reported, divided by the number of children.
import { median, percentile } from '../lib/stats.mjs'

export const measure = async (peer, { number, touchedMiB }) => {
  // Touched, so that it is resident: a fork copies the page tables of resident memory.
  const held = Buffer.alloc(touchedMiB * 2 ** 20, 1)
  const { start, close } = peer.open()
  for (let i = 0; i < Math.min(10, number / 2); i += 1) await start('/bin/true', [])
  const times = []
  const before = performance.eventLoopUtilization()
  for (let i = 0; i < number; i += 1) {
    const began = performance.now()
    const started = start('/bin/true', [])
    times.push((performance.now() - began) * 1000)
    await started
  }
  const { active } = performance.eventLoopUtilization(before)
  await close()
  times.sort((a, b) => a - b)
  return {
    value: median(times),
    p99: percentile(times, 99),
    busy: (active * 1000) / number,
    touched: held.length,
  }
}
