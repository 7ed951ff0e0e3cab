// Measures one scenario: its peers alternate within a run, so that a machine that grows slower does so for all.
import { runWorker } from './run-worker.mjs'
import { medians } from './stats.mjs'

// The line that names the error; Node prints its version last.
const reason = (error) => {
  const lines = String(error.stderr || error.message)
    .trim()
    .split('\n')
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1)
}

// Every peer's turn comes first once: what runs after another finds its caches, and its heat.
const inTurn = (peers, run) => peers.map((_, index) => peers[(index + run) % peers.length])

// By peer, what each run measured; `null` where it failed. A peer that fails is left out from then on, and said so.
export const measurePeers = async ({ peers, own, ...work }, times, set) => {
  const runs = Object.fromEntries(peers.map((peer) => [peer, []]))
  const missing = {}
  for (let run = 0; run < times; run += 1) {
    for (const peer of inTurn(peers, run)) {
      if (missing[peer]) continue
      try {
        runs[peer].push(await runWorker({ ...work, peer, options: { ...work.options, ...own?.[peer] } }, set))
      } catch (error) {
        missing[peer] = reason(error)
        delete runs[peer]
      }
    }
  }
  const result = Object.fromEntries(Object.entries(runs).map(([peer, all]) => [peer, medians(all)]))
  return { runs, result, missing }
}
