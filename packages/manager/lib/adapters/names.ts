/** Which variables a step gets, and from where. */

/** Names of variables, or a map from each variable to the name of its source. */
export type Names = readonly string[] | Readonly<Record<string, string>>

/** Each variable with the name of its source. */
export const namePairs = (names: Names): [string, string][] =>
  Array.isArray(names) ? (names as readonly string[]).map((name) => [name, name]) : Object.entries(names)
