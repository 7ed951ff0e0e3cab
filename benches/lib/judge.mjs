// Whether targets were met. A ratio is the median of the ratios within each run.
import { median } from './stats.mjs'
import { figure } from './table.mjs'

// Of several peers, the best one.
const bestOf = (names, result, key, less) =>
  names
    .filter((name) => result[name])
    .toSorted((a, b) => (less ? 1 : -1) * (result[a][key] - result[b][key]))
    .at(0)

const withinRuns = (runs, own, other, ratio) =>
  median(runs[own].map((one, run) => [one, runs[other][run]]).map(([one, beside]) => ratio(one, beside)))

// `atLeast`: how many times better than a peer. `share`: at most this fraction of the peer's. `most`: a figure, or with
// `per` one figure of the engine divided by another.
const compare = ({ key = 'value', against, share, per, name }, { peers, less }, { runs, result }) => {
  const [own] = peers
  if (per) return { reached: median(runs[own].map((one) => one[key] / one[per])), what: name, times: '×' }
  if (!against) return { reached: result[own][key], what: name, times: '' }
  const other = bestOf([against].flat(), result, key, less)
  if (!other) return undefined
  const isShare = share !== undefined
  const ratio = (one, beside) => (less && !isShare ? beside[key] / one[key] : one[key] / beside[key])
  const of = Array.isArray(against) ? `${other}, the best of them` : other
  return {
    reached: withinRuns(runs, own, other, ratio),
    what: name ? `${name} of ${of}` : of,
    times: '×',
  }
}

export const judge = (scenario, measured) =>
  (scenario.targets ?? []).map((target) => {
    const bound = target.atLeast ?? target.share ?? target.most
    const compared = measured.result[scenario.peers[0]] && compare(target, scenario, measured)
    const sign = target.atLeast === undefined ? '≤' : '≥'
    // With nothing to compare, the target counts as missed, and the reason is shown beside it.
    if (!compared) {
      const missed = { bound, sign, isMet: false }
      const text = `not measured: ${target.against ?? target.name}`
      return target.isAim ? { text, aim: missed } : { text, must: missed }
    }
    const { reached, what, times } = compared
    const isMet = (limit) => (sign === '≥' ? reached >= limit : reached <= limit)
    const judged = (limit) => limit !== undefined && { bound: limit, sign, isMet: isMet(limit) }
    return {
      text: [`${figure(reached)}${times}`, what].filter(Boolean).join(' '),
      reached,
      must: target.isAim ? undefined : judged(bound),
      aim: judged(target.isAim ? bound : target.aim) || undefined,
    }
  })

export const isMissed = ({ targets }) => targets.some(({ must }) => must && !must.isMet)
