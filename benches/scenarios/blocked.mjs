// How long the JavaScript thread stands still for one start, in microseconds, in a host of a given size.
import { median, percentile } from '../lib/stats.mjs'

export const measure = async (peer, { number, touchedMiB }) => {
  // Touched, so that it is there: what a fork copies is the tables of pages that are.
  const held = Buffer.alloc(touchedMiB * 2 ** 20, 1)
  const { start, close } = peer.open()
  await start('/bin/true', [])
  const times = []
  for (let i = 0; i < number; i += 1) {
    const began = performance.now()
    const started = start('/bin/true', [])
    times.push((performance.now() - began) * 1000)
    await started
  }
  await close()
  times.sort((a, b) => a - b)
  return { value: median(times), p99: percentile(times, 99), touched: held.length }
}
