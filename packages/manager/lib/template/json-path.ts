/** A path into a value of JSON: `.name`, `[0]`, `[-1]` for the last, `["any name"]`. */

export type Accessor = string | number

const accessor = /\.([A-Za-z_$][\w$-]*)|\[(-?\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]/y

/** Nothing, when it is not a path. */
export const parsePath = (text: string): Accessor[] | undefined => {
  const path: Accessor[] = []
  accessor.lastIndex = 0
  for (let at = 0; at < text.length; at = accessor.lastIndex) {
    const found = accessor.exec(text)
    if (found === null) return undefined
    const [, name, index, quotedName] = found
    if (quotedName === undefined) path.push(name ?? Number(index))
    else {
      try {
        path.push(String(JSON.parse(quotedName)))
      } catch {
        return undefined
      }
    }
  }
  return path
}

/** As it is written. */
export const shownAccessors = (path: readonly Accessor[]): string =>
  path
    .map((key) =>
      typeof key === 'number' ? `[${key}]` : /^[A-Za-z_$][\w$-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`,
    )
    .join('')

/** The value there; or how far the path led. Only what the JSON itself holds: no `length`, no `constructor`. */
export const valueAt = (
  root: unknown,
  path: readonly Accessor[],
): { value: unknown } | { missing: readonly Accessor[] } => {
  let value = root
  for (const [index, key] of path.entries()) {
    const isThere =
      typeof key === 'number'
        ? Array.isArray(value) && value.at(key) !== undefined
        : typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, key)
    if (!isThere) return { missing: path.slice(0, index + 1) }
    value = typeof key === 'number' ? (value as unknown[]).at(key) : (value as Record<string, unknown>)[key]
  }
  return { value }
}
