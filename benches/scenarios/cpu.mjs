// Processor time of the host, in cores, while many children each write 100 lines a second.
import { producer } from '../lib/proc.mjs'

export const measure = async (peer, { children, seconds }) => {
  const { lines: run, close } = peer.open()
  const count = seconds * 100
  let seen = 0
  const onLine = () => {
    seen += 1
  }
  const all = Promise.all(
    Array.from({ length: children }, () => run(producer('ticks'), ['10000', String(count)], onLine)),
  )
  // In the middle: neither while they are started nor while they end.
  const at = (part) =>
    new Promise((done) =>
      setTimeout(() => done({ cpu: process.cpuUsage(), at: performance.now(), seen }), seconds * 1000 * part),
    )
  const [from, to] = await Promise.all([at(0.4), at(0.85)])
  await all
  await close()
  if (seen !== children * count) throw new Error(`${seen} lines of ${children * count}`)
  const cpu = (to.cpu.user + to.cpu.system - from.cpu.user - from.cpu.system) / 1000
  return { value: cpu / (to.at - from.at), perLine: (cpu * 1000) / (to.seen - from.seen) }
}
