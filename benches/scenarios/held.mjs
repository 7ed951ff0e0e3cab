// Finished executions that are remembered: KiB of memory each, and microseconds of a look-up and of a list.
import { memory } from '../lib/proc.mjs'

const timed = (work, times) => {
  const began = performance.now()
  for (let i = 0; i < times; i += 1) work()
  return ((performance.now() - began) * 1000) / times
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
  await run(300)
  const few = engine.listExecutions().length
  const ids = engine.listExecutions().map(({ id }) => id)
  const lookUp = () => engine.getResult(ids[Math.floor(Math.random() * ids.length)])
  const lookUpFew = timed(lookUp, 2000)
  globalThis.gc()
  const before = memory('VmRSS')
  await run(number)
  globalThis.gc()
  const grown = memory('VmRSS') - before
  ids.push(...engine.listExecutions().map(({ id }) => id))
  const measured = {
    value: (grown * 1024) / number,
    lookUpFew,
    lookUp: timed(lookUp, 2000),
    listMs: timed(() => engine.listExecutions(), 3) / 1000,
    held: engine.listExecutions().length - few,
  }
  await close()
  return measured
}
