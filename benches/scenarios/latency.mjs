// From a child's clock to the listener, in microseconds: each child writes a line every 10 ms.
import { percentile } from '../lib/stats.mjs'
import { producer } from '../lib/proc.mjs'

export const measure = async (peer, { children, seconds = 4 }) => {
  const { lines: run, close } = peer.open()
  const count = seconds * 100
  const latencies = []
  let isSteady = false
  let seen = 0
  const onLine = (line) => {
    seen += 1
    if (isSteady) latencies.push(Number(process.hrtime.bigint() - BigInt(line)) / 1000)
  }
  const all = Promise.all(
    Array.from({ length: children }, () => run(producer('ticks'), ['10000', String(count)], onLine)),
  )
  // Not while they are started, nor while they end.
  setTimeout(() => (isSteady = true), seconds * 300)
  setTimeout(() => (isSteady = false), seconds * 850)
  await all
  await close()
  if (seen !== children * count) throw new Error(`${seen} lines of ${children * count}`)
  latencies.sort((a, b) => a - b)
  return { value: percentile(latencies, 50), p99: percentile(latencies, 99), lines: latencies.length }
}
