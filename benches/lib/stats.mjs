export const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export const percentile = (sorted, percent) =>
  sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))]

// The medians of a row, by peer.
export const medians = (runs) =>
  Object.fromEntries(
    Object.keys(runs[0] ?? {}).map((key) => [
      key,
      typeof runs[0][key] === 'number' ? median(runs.map((run) => run[key])) : runs[0][key],
    ]),
  )
