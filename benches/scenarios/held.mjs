// Finished executions that are remembered: KiB of memory each, and microseconds of a look-up and of a list.
import { memory } from '../lib/proc.mjs'
import { median } from '../lib/stats.mjs'

const few = 300

const timed = (work, times) => {
  const began = performance.now()
  for (let i = 0; i < times; i += 1) work()
  return ((performance.now() - began) * 1000) / times
}

// Warm both times: a look-up that is not compiled yet would flatter the later one.
const lookUpTime = (engine) => {
  const ids = engine.listExecutions().map(({ id }) => id)
  const lookUp = () => engine.getResult(ids[Math.floor(Math.random() * ids.length)])
  timed(lookUp, 10_000)
  return median(Array.from({ length: 20 }, () => timed(lookUp, 1000)))
}

export const measure = async (peer, { number }) => {
  const { engine, once, close } = peer.open({ atOnce: 16, maxRetainedExecutions: 100_000 })
  const run = async (count) => {
    let next = 0
    const lane = async () => {
      while (next++ < count) await once('/bin/true', [])
    }
    await Promise.all(Array.from({ length: 16 }, lane))
  }
  await run(few)
  const lookUpFew = lookUpTime(engine)
  globalThis.gc()
  const before = memory('VmRSS')
  await run(number)
  globalThis.gc()
  const grown = memory('VmRSS') - before
  const lookUp = lookUpTime(engine)
  const listMs = timed(() => engine.listExecutions(), 5) / 1000
  const held = engine.listExecutions().length
  await close()
  if (held !== number + few) throw new Error(`${held} are held of ${number + few}`)
  return { value: (grown * 1024) / number, lookUpFew, lookUp, listMs }
}
