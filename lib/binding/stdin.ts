/** Values for a standard input: a mode is a word, data is an object or bytes. */
import { types } from 'node:util'

import { isFields } from './own.js'
import { type Given, reading, refuse } from './refuse.js'

/** A mode, or data. Data is always bytes, which JSON need not escape. */
export type Input = 'null' | 'pipe' | Buffer

const allowed = "allowed is 'null', 'pipe', `{ text }` or `{ bytes }`"

/** Modes of other libraries. */
const hints: Readonly<Record<string, string>> = {
  ignore: "'ignore' is called 'null'",
  inherit: "'inherit' is not there: give 'pipe', and pipe `process.stdin` into `execution.stdin`",
  overlapped: "'overlapped' is called 'pipe'",
}

const base64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/

/** Memory of any kind and realm; `undefined` for anything else. Shared memory is copied. */
const memory = (data: unknown, name: string, { code }: Given): Buffer | undefined => {
  const isView = ArrayBuffer.isView(data)
  if (!isView && !types.isAnyArrayBuffer(data)) return undefined
  // A buffer that was transferred to another thread cannot be read.
  return reading(code, name, () => {
    const bytes = isView ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data)
    return types.isSharedArrayBuffer(bytes.buffer) ? Buffer.from(bytes) : bytes
  })
}

/** The bytes to write to a pipe. */
export const inputBytes = (data: unknown, given: Given): Buffer => {
  if (typeof data === 'string') return Buffer.from(data)
  return memory(data, 'data', given) ?? refuse(given, 'data', data, 'allowed is a string or bytes')
}

/** As in JSON, where bytes are base64. */
const bytesOf = (value: unknown, name: string, given: Given): Buffer => {
  if (typeof value === 'string' && base64.test(value)) return Buffer.from(value, 'base64')
  return memory(value, name, given) ?? refuse(given, name, value, 'allowed are bytes, or a string of base64')
}

export const input = (value: unknown, name: string, given: Given): Input => {
  if (value === 'null' || value === 'pipe') return value
  if (typeof value === 'string') {
    const hint = Object.hasOwn(hints, value) ? hints[value] : 'a text is given as `{ text }`'
    return refuse(given, name, value, `${hint}; ${allowed}`)
  }
  const bytes = memory(value, name, given)
  if (bytes !== undefined) return bytes
  if (value === null) return refuse(given, name, value, `the mode is the word 'null', in quotes; ${allowed}`)
  if (!isFields(value)) return refuse(given, name, value, allowed)
  const names = Object.getOwnPropertyNames(value)
  if (names.length > 1) return refuse(given, name, value, `${allowed}: one of them`)
  const kind = names.at(0)
  if (kind === 'bytes') return bytesOf(value[kind], `${name}.bytes`, given)
  if (kind !== 'text') return refuse(given, name, value, allowed)
  const text = value[kind]
  return typeof text === 'string' ? Buffer.from(text) : refuse(given, `${name}.text`, text, 'allowed is a string')
}
