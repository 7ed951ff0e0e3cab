/** Which variables a step gets, and from where. */

/** Names of variables; or, by the names of variables, where their values are found. */
export type Names = readonly string[] | Readonly<Record<string, string>>

/** Each variable with the name of its source. */
export const namePairs = (names: Names): [string, string][] =>
  Array.isArray(names) ? (names as readonly string[]).map((name) => [name, name]) : Object.entries(names)
