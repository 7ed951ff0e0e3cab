// Measures how it scales, and whether the costs of a line and of a child stay flat.
import { figure, markdown } from './table.mjs'
import { measurePeers } from './measure.mjs'

export const measureSeries = async ({ id, name, over, peers, own, floor, costs, points }, times, set) => {
  const measured = []
  for (const { at, options } of points) {
    measured.push({ at, options, ...(await measurePeers({ name, peers, own, options }, times, set)) })
  }
  return { id, over, peers, floor, costs, points: measured }
}

// The largest rise from one point to a later one.
export const riseOf = (values) =>
  Math.max(...values.map((value, index) => Math.max(...values.slice(index).map((later) => later / value))))

const flatUntil = 1.5

// A peer's rise is shown but not judged. A rise that a mere reader shows too is the machine's.
const verdict = ({ isFlat, most }, values, isEngine, floorValues) => {
  const known = values.filter(Number.isFinite)
  if (known.length === 0) return ''
  if (isFlat) {
    const rise = riseOf(known)
    const bound = Math.max(flatUntil, riseOf(floorValues.filter(Number.isFinite)))
    const sign = isEngine ? `${rise <= bound ? '✓' : '✗'} ` : ''
    return `${sign}${figure(rise)}×${isEngine && bound > flatUntil ? ` (in C ${figure(bound)}×)` : ''}`
  }
  if (most === undefined || !isEngine) return ''
  return `${Math.max(...known) <= most ? '✓' : '✗'} ≤ ${most}`
}

export const seriesRows = ({ id, peers, floor, costs, points }) =>
  peers.flatMap((peer, index) =>
    costs.flatMap((cost) => {
      const valuesOf = (whose) => points.map(({ result }) => result[whose]?.[cost.key])
      const values = valuesOf(peer)
      // Figures that a peer does not measure get no row.
      if (index > 0 && !values.some(Number.isFinite)) return []
      const name = index === 0 ? id : `${id}: ${peer}`
      const judged = verdict(cost, values, index === 0, floor ? valuesOf(floor) : [])
      return [[name, cost.unit, ...values.map(figure), judged]]
    }),
  )

const tableOf = (scaled, over, head) => {
  const rows = scaled.filter((series) => series.over === over).flatMap(seriesRows)
  return rows.length > 0
    ? markdown(['scenario', 'cost', ...head, 'largest rise (≤ 1.5, or as in C), or bound'], rows)
    : ''
}

export const scaleTables = (scaled) =>
  [
    tableOf(scaled, 'children', ['1 child', '10', '100', '1,000']),
    tableOf(scaled, 'size', ['1× the size', '10×', '100×']),
  ].filter(Boolean)
