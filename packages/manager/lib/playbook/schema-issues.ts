/** Checks a playbook against the schema, and puts the schema's findings into words. */
import { didYouMean } from '@escher/execution-engine/support'
import * as v from 'valibot'

import { nameHint, shortened } from '../template/hints.js'
import type { Findings, Path } from './problems.js'
import { playbookSchema, type PlaybookFile } from './schema.js'
import { alternatives, fieldsAt, type Shape, under } from './schema-walk.js'

const shown = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(shortened(value))
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

const types: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  null: 'null',
  Array: 'an array',
  Object: 'an object',
}

/** `(string | number)` in words. */
const allowed = (expected: string): string =>
  [
    ...new Set(
      expected
        .replaceAll(/[()]/g, '')
        .split(' | ')
        .map((type) => types[type] ?? type),
    ),
  ].join(', ')

const isUnknownName = (issue: v.BaseIssue<unknown>): boolean =>
  issue.type === 'strict_object' && issue.expected === 'never'

const isMissing = (issue: v.BaseIssue<unknown>): boolean =>
  issue.type === 'strict_object' && issue.received === 'undefined' && issue.expected !== 'Object'

const limit = (issue: v.BaseIssue<unknown>): string | undefined => {
  const { requirement } = issue as { requirement?: unknown }
  const what = Array.isArray(issue.input) ? 'entries' : 'characters'
  if (issue.type === 'min_value') return `allowed is ${String(requirement)} or more`
  if (issue.type === 'max_value') return `allowed is ${String(requirement)} or less`
  if (issue.type === 'min_length') return Array.isArray(issue.input) ? 'it must have an entry' : 'it must not be empty'
  if (issue.type === 'max_length') return `allowed are ${String(requirement)} ${what}`
  if (issue.type === 'integer') return 'allowed is a whole number'
  return undefined
}

/** Reports every unknown field. The schema itself stops at the first. */
const reportUnknown = (object: unknown, path: Path, findings: Findings): void => {
  const known = fieldsAt(playbookSchema, path.slice(0, -1))
  const names = new Set(known)
  for (const name of Object.keys(object as object)) {
    if (names.has(name)) continue
    findings.add(
      [...path.slice(0, -1), name],
      `there is no field \`${shortened(name)}\``,
      nameHint(name, known),
      'name',
    )
  }
}

const report = (issue: v.BaseIssue<unknown>, before: Path, findings: Findings): void => {
  const path = [...before, ...(issue.path ?? []).map(({ key }) => key as string | number)]
  if (issue.type === 'union') reportUnion(issue, path, findings)
  else if (isMissing(issue)) findings.add(path, `\`${String(path.at(-1))}\` is missing`, 'it is required')
  else if (isUnknownName(issue)) reportUnknown(issue.path?.at(-1)?.input, path, findings)
  else if (issue.type === 'regex') {
    const isName = issue.path?.at(-1)?.origin === 'key'
    findings.add(path, `${shown(issue.input)} is not allowed`, issue.message, isName ? 'name' : undefined)
  } else findings.add(path, `it is ${shown(issue.input)}`, limit(issue) ?? expectation(issue))
}

/** Of several alternatives, the one that matched furthest was probably meant. */
const reportUnion = (issue: v.BaseIssue<unknown>, path: Path, findings: Findings): void => {
  const inside = issue.issues?.filter((one) => one.path !== undefined) ?? []
  for (const one of inside) report(one, path, findings)
  if (inside.length > 0) return
  const nearest = issue.issues?.find((one) => one.type === 'regex' || limit(one))
  if (nearest) report(nearest, path, findings)
  else findings.add(path, `it is ${shown(issue.input)}`, expectation(issue))
}

/** What the schema expected: the word that was probably meant, or the allowed ones. */
const expectation = ({ expected, input }: v.BaseIssue<unknown>): string => {
  const otherwise = `allowed is ${allowed(expected ?? 'something else')}`
  const words = [...(expected ?? '').matchAll(/"([^"]+)"/g)].map(([, word]) => word ?? '')
  return typeof input === 'string' ? didYouMean(input, words, otherwise) : otherwise
}

const insideAny = (issue: v.BaseIssue<unknown>, paths: ReadonlySet<string>): boolean => {
  const keys = (issue.path ?? []).map(({ key }) => key)
  return (
    paths.size > 0 &&
    Array.from({ length: keys.length + 1 }, (_, end) => keys.slice(0, end).join('.')).some((path) => paths.has(path))
  )
}

/** Reports arrays in place of objects. To valibot, as to JavaScript, an array is an object. */
const reportArrays = (value: unknown, schemas: readonly Shape[], path: Path, findings: Findings): void => {
  if (typeof value !== 'object' || value === null || schemas.length === 0) return
  if (Array.isArray(value) && schemas.every(({ type }) => type !== 'array')) {
    const takesObject = schemas.some(({ type }) => type === 'strict_object' || type === 'record')
    if (takesObject) findings.add(path, 'it is an array', 'allowed is an object')
    return
  }
  for (const [key, inner] of Object.entries(value)) {
    const at = Array.isArray(value) ? Number(key) : key
    reportArrays(inner, under(schemas, at), [...path, at], findings)
  }
}

/** The playbook, or `undefined` if its structure is wrong. */
export const checkStructure = (value: unknown, findings: Findings): PlaybookFile | undefined => {
  reportArrays(value, alternatives(playbookSchema), [], findings)
  const { success, output, issues } = v.safeParse(playbookSchema, value)
  if (success) return output
  // The schema would only repeat what was said about these.
  const arrays = new Set(findings.list.map(({ path }) => path.join('.')))
  for (const issue of issues) if (!insideAny(issue, arrays)) report(issue, [], findings)
  return undefined
}
