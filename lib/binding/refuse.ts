/** Refusals of values from JavaScript: with a code, the field, its value and what is allowed. */
import { ExecutionEngineError } from '../errors.js'
import { native } from './load.js'

export type Code = 'INVALID_CONFIG' | 'INVALID_REQUEST'

/** What a refusal needs besides the value. */
export interface Given {
  readonly code: Code
  /** No refusal shows them. */
  readonly secrets: readonly string[]
}

/** Compiled only when there is a refusal. */
const masker = (secrets: readonly string[]): ((whole: string) => string) => {
  if (secrets.length === 0) return (whole) => whole
  const compiled = native().NativeMasker.create([...secrets])
  return (whole) => compiled.mask(whole)
}

/**
 * The kind of a built-in object of any realm, such as `Map` or `Date`. `Object` for instances of a program's own
 * classes.
 */
export const tagOf = (value: object): string => Object.prototype.toString.call(value).slice('[object '.length, -1)

const kindOf = (value: object): string => {
  if (ArrayBuffer.isView(value)) return 'bytes'
  const tag = tagOf(value)
  return `${/^[AEIOU]/.test(tag) ? 'an' : 'a'} ${tag === 'Object' ? 'object' : tag}`
}

const shown = (value: unknown, mask: (whole: string) => string): string => {
  if (value === undefined) return 'missing'
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return mask(kindOf(value))
  // Before shortening: half a secret still gives it away.
  const masked = mask(String(value))
  const cut = masked.length > 200 ? `${masked.slice(0, 200)}…` : masked
  return typeof value === 'string' ? JSON.stringify(cut) : cut
}

/** Whether a refused value may be a secret: one of the secrets, or input for a program. */
const isConfidential = (field: string, value: unknown): boolean =>
  /^secrets\b/.test(field)
    ? value !== undefined && typeof value !== 'object'
    : /^(?:stdin|data)\b/.test(field) && typeof value === 'string'

/** Throws. Secrets in the value are not shown. */
export function refuse({ code, secrets }: Given, field: string, value: unknown, allowed: string): never {
  const what = code === 'INVALID_CONFIG' ? 'configuration' : 'request'
  const mask = masker(secrets)
  const masked = isConfidential(field, value) ? '***' : shown(value, mask)
  // Even a variable's name may be a secret, if the caller passed it in the wrong position.
  const where = mask(field)
  throw new ExecutionEngineError(code, `invalid ${what}: \`${where}\` is ${masked}: ${allowed}`, {
    field: where,
    value: masked,
  })
}

/** Turns what the caller's own objects throw while they are read into a refusal. */
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
