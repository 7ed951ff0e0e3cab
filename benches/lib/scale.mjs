// Measures how it scales, and says whether what a line and a child cost stays flat.
import { figure, markdown } from './table.mjs'
import { measurePeers } from './measure.mjs'

export const measureSeries = async ({ id, name, over, peers, costs, points }, times, set) => {
  const measured = []
  for (const { at, options } of points) {
    measured.push({ at, options, ...(await measurePeers({ name, peers, options }, times, set)) })
  }
  return { id, over, peers, costs, points: measured }
}

// The largest rise from one point to a later one.
export const riseOf = (values) =>
  Math.max(...values.map((value, index) => Math.max(...values.slice(index).map((later) => later / value))))

const flatUntil = 1.5

// A peer's rise is shown, and not judged.
const verdict = ({ isFlat, most }, values, isEngine) => {
  const known = values.filter(Number.isFinite)
  if (known.length === 0) return ''
  if (isFlat) {
    const rise = riseOf(known)
    const sign = isEngine ? `${rise <= flatUntil ? '✓' : '✗'} ` : ''
    return `${sign}${figure(rise)}×`
  }
  if (most === undefined || !isEngine) return ''
  return `${Math.max(...known) <= most ? '✓' : '✗'} ≤ ${most}`
}

export const seriesRows = ({ id, peers, costs, points }) =>
  peers.flatMap((peer, index) =>
    costs.map((cost) => {
      const values = points.map(({ result }) => result[peer]?.[cost.key])
      const name = index === 0 ? id : `${id}: ${peer}`
      return [name, cost.unit, ...values.map(figure), verdict(cost, values, index === 0)]
    }),
  )

const tableOf = (scaled, over, head) => {
  const rows = scaled.filter((series) => series.over === over).flatMap(seriesRows)
  return rows.length > 0 ? markdown(['scenario', 'cost', ...head, 'largest rise (≤ 1.5), or bound'], rows) : ''
}

export const scaleTables = (scaled) =>
  [
    tableOf(scaled, 'children', ['1 child', '10', '100', '1,000']),
    tableOf(scaled, 'size', ['1× the size', '10×', '100×']),
  ].filter(Boolean)
