/** Text for terminals: no wider than the viewport, and without control characters. */
import { stripVTControlCharacters, styleText } from 'node:util'

import stringWidth from 'string-width'

const segments = new Intl.Segmenter()

/** Output without what moves the cursor, rings the bell or changes colours; of a redrawn line, its last state. */
export const harmless = (text: string): string => {
  const plain = stripVTControlCharacters(text)
  const shown = plain.slice(plain.trimEnd().lastIndexOf('\r') + 1)
  // oxlint-disable-next-line no-control-regex -- control characters are what it is about
  return shown.replaceAll('\t', '  ').replaceAll(/[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, '')
}

/** Cuts to a number of columns, with an ellipsis. */
export const fit = (text: string, columns: number): string => {
  if (stringWidth(text) <= columns) return text
  let width = 0
  let fitting = ''
  for (const { segment } of segments.segment(text)) {
    width += stringWidth(segment)
    if (width > columns - 1) break
    fitting += segment
  }
  return `${fitting}…`
}

export const padded = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - stringWidth(text)))

/** `0.4s`, `12s`, `3m 05s`, `1h 02m`. */
export const duration = (ms: number): string => {
  const seconds = ms / 1000
  if (seconds < 10) return `${seconds.toFixed(1)}s`
  if (seconds < 60) return `${Math.round(seconds)}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m ${String(Math.floor(seconds % 60)).padStart(2, '0')}s`
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, '0')}m`
}

export type Style = Parameters<typeof styleText>[0]
export type Paint = (style: Style, text: string) => string

/** Colours, where they are wanted: `NO_COLOR` (no-color.org) wins, `FORCE_COLOR` asks for them anywhere. */
export const painter = (stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Paint => {
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0'
  const wants = !env['NO_COLOR'] && (forced || (stream.isTTY === true && env['TERM'] !== 'dumb'))
  return wants ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text
}
