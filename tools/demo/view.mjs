// How the tour looks: commands, lines, results, tables.

import { stripVTControlCharacters } from 'node:util'

import { cyan, dim, green, red, yellow } from '../lib/console.mjs'

const width = Math.max(60, Math.min(process.stdout.columns ?? 100, 110))

// Shortened to the width of the terminal, from the end.
export const clip = (text, columns = width - 8) => (text.length > columns ? `${text.slice(0, columns - 1)}…` : text)

// Colour, cursor movements and bells do not belong in a quoted line.
const printable = (text) =>
  stripVTControlCharacters(text)
    .replaceAll('\t', '    ')
    .replaceAll(/\p{Cc}/gu, '')

export const say = (text) => console.log(`  ${dim(text)}`)

export const command = (text) => console.log(`  ${cyan('$')} ${text}`)

// One line of output, as it arrives; a thick bar marks standard error.
export const line = (text, stream = 'stdout') =>
  console.log(`  ${stream === 'stderr' ? yellow('┃') : dim('│')} ${clip(printable(text))}`)

export const bytes = (count) => `${count.toLocaleString('en-US')} bytes`

export const duration = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`)

const statusColour = (status) => {
  if (status === 'completed') return green
  return status === 'cancelled' || status === 'timeout' ? yellow : red
}

const badge = (status) => {
  const mark = { completed: '✓', cancelled: '■', timeout: '■' }[status] ?? '✗'
  return statusColour(status)(`${mark} ${status}`)
}

const ending = ({ exitCode, signal }) => {
  if (exitCode !== null) return `exit code ${exitCode}`
  return signal ? `ended by ${signal}` : 'never started'
}

// Wrapped at words; words longer than the width (a PATH) are cut into pieces.
const wrap = (text, columns) => {
  const words = text.split(' ').flatMap((word) => word.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? [''])
  const lines = ['']
  for (const word of words) {
    const last = lines.at(-1)
    if (last && last.length + word.length + 1 > columns) lines.push(word)
    else lines[lines.length - 1] = last ? `${last} ${word}` : word
  }
  return lines
}

const field = (name, text) => {
  const lines = text.split('\n').flatMap((part) => wrap(printable(part), width - 14))
  for (const [index, part] of lines.entries()) {
    console.log(`  ${dim((index === 0 ? name : '').padEnd(9))} ${part}`)
  }
}

export const result = (outcome) => {
  console.log(`  ${badge(outcome.status)} ${dim([ending(outcome), duration(outcome.durationMs)].join(' · '))}`)
  if (outcome.status !== 'failed' || !outcome.error) return
  field('code', outcome.error.code)
  field('message', outcome.error.message)
}
