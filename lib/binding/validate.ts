/**
 * Checks what comes from JavaScript before it crosses the FFI boundary: a misspelt option would otherwise be ignored
 * silently, and a wrong type refused without its name. Ranges are the engine's to check.
 */
import { ExecutionEngineError } from '../errors.js'
import { unknownOption } from './hints.js'
import { native } from './load.js'

export type Code = 'INVALID_CONFIG' | 'INVALID_REQUEST'

/** What is wrong with a value: what would have been accepted and, inside an array or object, where. */
export type Check = (value: unknown) => { allowed: string; at?: string; value?: unknown } | undefined

/** Checks by the names of the fields. */
export type Checks<Name extends string = string> = Readonly<Record<Name, Check>>

const typed =
  (type: 'boolean' | 'function' | 'string', allowed: string): Check =>
  (value) =>
    typeof value === type ? undefined : { allowed: `allowed is ${allowed}` }

/** A whole number that is not negative: what the engine counts with, and what JSON has a word for. */
export const number: Check = (value) => {
  if (typeof value !== 'number') return { allowed: 'allowed is a number' }
  return Number.isSafeInteger(value) && value >= 0
    ? undefined
    : { allowed: 'allowed is a whole number that is not negative' }
}
export const flag = typed('boolean', 'true or false')
export const listener = typed('function', 'a function')
/** Any string, also one that is not well-formed. */
export const anyText = typed('string', 'a string')

/** A string that survives as UTF-8: half a surrogate pair would arrive as something else. */
export const text: Check = (value) => {
  if (typeof value !== 'string') return { allowed: 'allowed is a string' }
  return value.isWellFormed() ? undefined : { allowed: 'it holds half a surrogate pair, which no program can be given' }
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** An id in the spelling that the engine uses; it takes others, too. `undefined` unless it is a UUID. */
export const canonicalId = (given: string): string | undefined => {
  const bare = /^(?:urn:uuid:(.{36})|\{(.{36})\})$/.exec(given)
  const id = (bare?.[1] ?? bare?.[2] ?? given).toLowerCase()
  if (uuid.test(id)) return id
  return /^[0-9a-f]{32}$/.test(id) ? id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : undefined
}

export const executionId: Check = (value) => {
  const allowed = 'allowed is a UUID'
  if (typeof value !== 'string') return { allowed }
  return canonicalId(value) === undefined ? { allowed } : undefined
}

export const texts: Check = (value) => {
  if (!Array.isArray(value)) return { allowed: 'allowed is an array of strings' }
  // By index: a hole in the array is no string either.
  for (let index = 0; index < value.length; index += 1) {
    const wrong = text(value[index])
    if (wrong) return { ...wrong, at: `[${index}]`, value: value[index] }
  }
  return undefined
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)

/** An object whose every value passes. */
export const each =
  (check: Check, allowed: string): Check =>
  (value) => {
    if (!isObject(value)) return { allowed }
    for (const [name, item] of Object.entries(value)) {
      const wrong = check(item)
      if (wrong) return { ...wrong, at: `.${name}`, value: item }
    }
    return undefined
  }

/** One of these strings. */
export const oneOf = (names: readonly string[]): Check => {
  const allowed = `allowed are ${names.map((name) => `'${name}'`).join(', ')}`
  return (value) => (typeof value === 'string' && names.includes(value) ? undefined : { allowed })
}

/** Made only for a refusal. */
const masker = (secrets: readonly string[]): ((whole: string) => string) => {
  if (secrets.length === 0) return (whole) => whole
  const compiled = native().NativeMasker.create([...secrets])
  return (whole) => compiled.mask(whole)
}

const shown = (value: unknown, mask: (whole: string) => string): string => {
  if (value === undefined) return 'missing'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return value instanceof Uint8Array ? 'bytes' : 'an object'
  // Before it is cut: half a secret is one still.
  const masked = mask(String(value))
  const cut = masked.length > 200 ? `${masked.slice(0, 200)}…` : masked
  return typeof value === 'string' ? JSON.stringify(cut) : cut
}

/** Throws. Secrets among the values are not shown. */
export const refuse = (
  code: Code,
  field: string,
  value: unknown,
  allowed: string,
  secrets: readonly string[],
): never => {
  const what = code === 'INVALID_CONFIG' ? 'configuration' : 'request'
  // A secret is one also when it is given wrongly.
  const isSecret = /^secrets\b/.test(field) && value !== undefined && typeof value !== 'object'
  const mask = masker(secrets)
  const masked = isSecret ? '***' : shown(value, mask)
  // A name of a variable may be one, too, when it was given in the wrong place.
  const where = mask(field)
  throw new ExecutionEngineError(code, `invalid ${what}: \`${where}\` is ${masked}: ${allowed}`, {
    field: where,
    value: masked,
  })
}

/** What the caller's own objects throw while they are read is a refusal, too. */
export const reading = <Value>(code: Code, field: string, read: () => Value): Value => {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof ExecutionEngineError) throw cause
    const what = code === 'INVALID_CONFIG' ? 'configuration' : 'request'
    throw new ExecutionEngineError(code, `invalid ${what}: \`${field}\` cannot be read: see \`cause\``, {
      field,
      cause,
    })
  }
}

/** Looks at one value, which is required. */
export const checkValue = (
  code: Code,
  field: string,
  value: unknown,
  looks: Check,
  secrets: readonly string[],
): void => {
  const wrong = looks(value)
  if (wrong) refuse(code, `${field}${wrong.at ?? ''}`, 'value' in wrong ? wrong.value : value, wrong.allowed, secrets)
}

/** Looks at the fields of `object` that are set. */
export const check = (code: Code, prefix: string, object: object, checks: Checks, secrets: readonly string[]): void => {
  const names = Object.keys(object)
  // By index: this runs at every start, mostly before V8 has compiled it, when iterators are slow.
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] as string
    const value = (object as Record<string, unknown>)[name]
    if (value === undefined) continue
    const looks = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (looks) checkValue(code, `${prefix}${name}`, value, looks, secrets)
    else refuse(code, `${prefix}${name}`, value, unknownOption(name, Object.keys(checks)), secrets)
  }
}
