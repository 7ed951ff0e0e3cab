/**
 * Fields of configurations, requests and options. Each is read once, checked, and written as JSON, so that a misspelt
 * option is not silently ignored and a refusal names the field. The engine checks ranges.
 */
import { fileURLToPath } from 'node:url'

import { unknownOption } from './hints.js'
import { isFields } from './own.js'
import { type Given, refuse, tagOf } from './refuse.js'

/** A value as JSON, or `undefined` if the native side does not need it. Throws if it is not allowed. */
export type Field = (value: unknown, name: string, given: Given) => string | undefined

type JsonField = (...given: Parameters<Field>) => string

const typed =
  (type: 'boolean' | 'string', allowed: string): Field =>
  (value, name, given) =>
    typeof value === type ? JSON.stringify(value) : refuse(given, name, value, `allowed is ${allowed}`)

export const flag = typed('boolean', 'true or false')
/** Any string, even one that is not well-formed. */
export const anyText = typed('string', 'a string')

export const listener: Field = (value, name, given) =>
  typeof value === 'function' ? undefined : refuse(given, name, value, 'allowed is a function')

/** A number that the engine can count with and JSON can write. */
export const whole =
  (allowed: string): Field =>
  (value, name, given) =>
    Number.isSafeInteger(value) && (value as number) >= 0
      ? String(value)
      : refuse(given, name, value, typeof value === 'number' ? allowed : 'allowed is a number')

export const number = whole('allowed is a whole number that is not negative')

/** A string that survives as UTF-8: half a surrogate pair would arrive as another character. */
const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed()

export const text: JsonField = (value, name, given) => {
  if (isText(value)) return JSON.stringify(value)
  if (typeof value !== 'string') return refuse(given, name, value, 'allowed is a string')
  return refuse(given, name, value, 'it holds half a surrogate pair, which no program can be given')
}

/** Of any realm. */
const isUrl = (value: unknown): value is URL => typeof value === 'object' && value !== null && tagOf(value) === 'URL'

/** A path, or the `file:` URL of one. */
export const path: JsonField = (value, name, given) => {
  if (typeof value === 'string') return text(value, name, given)
  if (!isUrl(value) || value.protocol !== 'file:') {
    return refuse(given, name, value, 'allowed is a string or a `file:` URL')
  }
  return text(fileURLToPath(value.href), name, given)
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** An id in the engine's spelling, which accepts others too. `undefined` unless it is a UUID. */
export const canonicalId = (given: string): string | undefined => {
  const bare = /^(?:urn:uuid:(.{36})|\{(.{36})\})$/.exec(given)
  const id = (bare?.[1] ?? bare?.[2] ?? given).toLowerCase()
  if (uuid.test(id)) return id
  return /^[0-9a-f]{32}$/.test(id) ? id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : undefined
}

export const executionId: JsonField = (value, name, given) => {
  const id = typeof value === 'string' ? canonicalId(value) : undefined
  return id === undefined ? refuse(given, name, value, 'allowed is a UUID') : JSON.stringify(id)
}

/** Hides an inherited `toJSON`, which JSON would call. */
const NO_METHOD = undefined

const isIterable = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Symbol.iterator in value && !ArrayBuffer.isView(value)

const arrayHint = (value: unknown): string => {
  if (typeof value === 'string') return ', such as `[text]`'
  if (typeof value === 'function') return '; there is no callback: await what `run()` returns'
  return isIterable(value) ? ', such as `[...values]`' : ''
}

export const texts: JsonField = (value, name, given) => {
  if (!Array.isArray(value)) return refuse(given, name, value, `allowed is an array of strings${arrayHint(value)}`)
  const own: unknown[] & { toJSON?: undefined } = []
  own.toJSON = NO_METHOD
  // By index, because a hole in the array must not read as an inherited string.
  for (let index = 0; index < value.length; index += 1) {
    const item: unknown = Object.hasOwn(value, index) ? value[index] : undefined
    if (!isText(item)) text(item, `${name}[${index}]`, given)
    own.push(item)
  }
  return JSON.stringify(own)
}

/** One of these strings. */
export const oneOf = (names: readonly string[]): Field => {
  const allowed = `allowed are ${names.map((each) => `'${each}'`).join(', ')}`
  return (value, name, given) =>
    typeof value === 'string' && names.includes(value) ? JSON.stringify(value) : refuse(given, name, value, allowed)
}

const objectHint = (value: unknown): string => {
  if (typeof value === 'function') return '; there is no callback: await what `run()` returns'
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ''
  if (isIterable(value)) return ', such as `Object.fromEntries(pairs)`'
  return tagOf(value) === 'Object' ? ' that has all its fields itself, such as `{ ...fields }`' : ''
}

/** Throws, because the value is not an object of fields. */
export const refuseObject = (given: Given, name: string, value: unknown, allowed = 'allowed is an object'): never =>
  refuse(given, name, value, `${allowed}${objectHint(value)}`)

/** An object of strings and, if `null` has a meaning, nulls. */
export const textsByName =
  (allowed: string, takesNull: boolean): Field =>
  (value, name, given) => {
    if (!isFields(value)) return refuseObject(given, name, value, allowed)
    const own: Record<string, unknown> = { toJSON: NO_METHOD, ...value }
    const names = Object.keys(own)
    for (let index = 0; index < names.length; index += 1) {
      const key = names[index] as string
      const item = own[key]
      if (!key.isWellFormed()) text(key, name, given)
      if (item === undefined || isText(item) || (takesNull && item === null)) continue
      text(item, `${name}.${key}`, given)
    }
    const lost = Object.getOwnPropertyNames(value).find((key) => !Object.hasOwn(own, key))
    if (lost !== undefined) refuse(given, `${name}.${lost}`, undefined, 'it is not enumerable')
    return JSON.stringify(own)
  }

/** The fields of a value: the known names, each an own property, and the first unknown one. */
export interface Own<Name extends string> {
  readonly fields: Readonly<Record<Name, unknown>>
  readonly unknown: readonly [name: string, value: unknown] | undefined
}

/** The fields that an object may have. */
export class Fields<Name extends string> {
  readonly #table: Readonly<Record<Name, Field>>
  readonly #names: readonly Name[]
  readonly #unset: Readonly<Record<Name, undefined>>
  readonly #required: readonly Name[]

  constructor(table: Readonly<Record<Name, Field>>, required: readonly NoInfer<Name>[] = []) {
    this.#table = table
    this.#required = required
    this.#names = Object.keys(table) as Name[]
    this.#unset = Object.fromEntries(this.#names.map((name) => [name, undefined])) as Record<Name, undefined>
  }

  /** Whether a value is an object of such fields. */
  holds(value: unknown): value is Record<string, unknown> {
    return isFields(value, this.#unset)
  }

  /** A copy for which each field is read once, so that the checked value is the one that counts. */
  own(object: Readonly<Record<string, unknown>>): Own<Name> {
    const fields: Record<string, unknown> = { ...this.#unset }
    let unknown: Own<Name>['unknown']
    const names = Object.getOwnPropertyNames(object)
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index] as string
      if (Object.hasOwn(this.#unset, name)) fields[name] = object[name]
      else if (unknown === undefined && object[name] !== undefined) unknown = [name, object[name]]
    }
    return { fields: fields as Record<Name, unknown>, unknown }
  }

  /** Fields that are checked as soon as they are copied. */
  jsonOf(object: Readonly<Record<string, unknown>>, prefix: string, given: Given): string {
    return this.json(this.own(object), prefix, given)
  }

  /** As JSON. Throws if a field is unknown or not allowed; `prefix` is the path to the fields. */
  json({ fields, unknown }: Own<Name>, prefix: string, given: Given): string {
    if (unknown !== undefined) {
      refuse(given, `${prefix}${unknown[0]}`, unknown[1], unknownOption(unknown[0], this.#names))
    }
    for (const name of this.#required) {
      if (fields[name] === undefined) refuse(given, `${prefix}${name}`, undefined, 'it is required')
    }
    let json = ''
    for (let index = 0; index < this.#names.length; index += 1) {
      const name = this.#names[index] as Name
      const value = fields[name]
      const field = value === undefined ? undefined : this.#table[name](value, `${prefix}${name}`, given)
      if (field !== undefined) json += `${json === '' ? '' : ','}"${name}":${field}`
    }
    return `{${json}}`
  }
}
