// A chart for the README: bars of one scenario, the engine's in another colour.
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

export const barChart = ({ title, unit, bars }) => {
  const [left, width, row] = [150, 420, 26]
  const most = Math.max(...bars.map(({ value }) => value))
  const height = 56 + bars.length * row
  const drawn = bars.map(({ name, value, isEngine }, index) => {
    const y = 44 + index * row
    const length = Math.max(2, (value / most) * width)
    return [
      `<text x="${left - 8}" y="${y + 14}" text-anchor="end">${escape(name)}</text>`,
      `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="18" rx="2" fill="${isEngine ? '#c2410c' : '#94a3b8'}"/>`,
      `<text x="${(left + length + 6).toFixed(1)}" y="${y + 14}">${value >= 10 ? value.toFixed(1) : value.toFixed(2)}</text>`,
    ].join('\n  ')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 ${height}" font-family="system-ui, sans-serif" font-size="13" fill="#475569">
  <text x="8" y="22" font-size="15" font-weight="600">${escape(title)} (${escape(unit)})</text>
  ${drawn.join('\n  ')}
</svg>
`
}
