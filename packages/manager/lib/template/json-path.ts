/** A path into a JSON value: `.name`, `[0]`, `[-1]` for the last, `["any name"]`. */
import { INDEX, KEY, STRING } from './grammar.js'

/** A name, or an index in an array; a negative index counts from the end. */
export type Accessor = string | number

const accessor = new RegExp(String.raw`\.(${KEY})|\[(${INDEX})\]|\[(${STRING})\]`, 'y')
/** No array is longer, and an inexact number would be another index. */
const MAX_INDEX = 999_999_999
const plainKey = new RegExp(`^${KEY}$`)

const unquoted = (text = ''): string | undefined => {
  try {
    return String(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** The steps of a path; `undefined` if it is not a path. */
export const parsePath = (text: string): Accessor[] | undefined => {
  const path: Accessor[] = []
  accessor.lastIndex = 0
  for (let at = 0; at < text.length; at = accessor.lastIndex) {
    const found = accessor.exec(text)
    if (found === null) return undefined
    const [, name, index, quotedName] = found
    const key = name ?? (index === undefined ? unquoted(quotedName) : Number(index))
    if (key === undefined || Math.abs(Number(index)) > MAX_INDEX) return undefined
    path.push(key)
  }
  return path
}

/** A path as written. */
export const shownAccessors = (path: readonly Accessor[]): string =>
  path
    .map((key) => (typeof key === 'number' ? `[${key}]` : plainKey.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`))
    .join('')

/** The value at a path, or how far the path led. Only the JSON's own data: no `length`, no `constructor`. */
export const valueAt = (
  root: unknown,
  path: readonly Accessor[],
): { value: unknown; missing?: undefined } | { missing: readonly Accessor[] } => {
  let value = root
  for (const [index, key] of path.entries()) {
    const isPresent =
      typeof key === 'number'
        ? Array.isArray(value) && value.at(key) !== undefined
        : typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, key)
    if (!isPresent) return { missing: path.slice(0, index + 1) }
    value = typeof key === 'number' ? (value as unknown[]).at(key) : (value as Record<string, unknown>)[key]
  }
  return { value, missing: undefined }
}
