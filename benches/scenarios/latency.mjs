// From a child's clock to the listener, in microseconds: each child writes a line every 10 ms.
import { percentile } from '../lib/stats.mjs'
import { ticking } from '../lib/ticking.mjs'

export const measure = async (peer, options) => {
  const { lines, close } = peer.open()
  const latencies = []
  const measured = await ticking(lines, options, (line) => {
    latencies.push(Number(process.hrtime.bigint() - BigInt(line)) / 1000)
  })
  await close()
  latencies.sort((a, b) => a - b)
  return { value: percentile(latencies, 50), p99: percentile(latencies, 99), max: latencies.at(-1), ...measured }
}
