// Finished executions that are retained: KiB of memory each, and microseconds per look-up and list.
import v8 from 'node:v8'

import { resident } from '../lib/proc.mjs'
import { median } from '../lib/stats.mjs'

const few = 300

// All memory, but of V8's heap only the used part: the rest grows and shrinks by MiB as V8 sees fit.
const kept = () => {
  globalThis.gc()
  const { used_heap_size, total_physical_size } = v8.getHeapStatistics()
  return resident() + (used_heap_size - total_physical_size) / 2 ** 20
}

const timed = (work, times) => {
  const began = performance.now()
  for (let i = 0; i < times; i += 1) work()
  return ((performance.now() - began) * 1000) / times
}

// Warmed up both times: a look-up that is not compiled yet would flatter the later one.
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
  // Half as many were run and retained before. A program whose engine retains nothing grows by 5 MiB in the first 2,000
  // executions (V8's heap and code, malloc's free lists), and not at all in the next 12,000. That is the price of
  // running them, and must not be charged to the retained ones.
  await run(number / 2)
  const before = kept()
  await run(number)
  const grown = kept() - before
  const lookUp = lookUpTime(engine)
  const listMs = timed(() => engine.listExecutions(), 5) / 1000
  const held = engine.listExecutions().length
  await close()
  const expected = number * 1.5 + few
  if (held !== expected) throw new Error(`${held} are held of ${expected}`)
  return { value: (grown * 1024) / number, lookUpFew, lookUp, listMs }
}
