// Measures one scenario. Peers alternate within a run, so that a machine that slows down slows all of them.
import { runWorker } from './run-worker.mjs'
import { medians } from './stats.mjs'

// The line that names the error; Node prints its version last.
const reason = (error) => {
  const lines = String(error.stderr || error.message)
    .trim()
    .split('\n')
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1)
}

// Each peer goes first once: later ones find the caches, and the heat, of earlier ones.
const inTurn = (peers, run) => peers.map((_, index) => peers[(index + run) % peers.length])

// What each run measured, by peer; `null` if it failed. A peer that fails is reported, and skipped from then on.
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
