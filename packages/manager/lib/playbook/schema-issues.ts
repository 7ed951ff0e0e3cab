/** Whether a playbook has the shape the schema asks for; what the schema says, in words. */
import * as v from 'valibot'

import { didYouMean, type Findings, type Path, some } from './problems.js'
import { playbookSchema, type PlaybookFile } from './schema.js'

const namesOf = (schema: { readonly entries: object }): string[] => Object.keys(schema.entries)

const file = playbookSchema.pipe[0]
const stepFields = file.entries.steps.pipe[0].item

/** The names an object may have, by what one of its names would be understood as. */
const knownAt = (path: Path): readonly string[] => {
  if (path.length === 1) return namesOf(file)
  const inside = new Set(path.slice(0, -1))
  if (inside.has('retry_policy')) return ['strategy', 'attempts', 'base_sec', 'max_sec', 'jitter', 'retry_on']
  if (inside.has('parameters')) return ['type', 'default', 'required', 'secret', 'enum', 'description']
  return namesOf(stepFields)
}

const shown = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

const types: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  null: 'null',
  Array: 'a list',
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

const rules: Readonly<Record<string, string>> = {
  step_id: 'letters, digits, _ and -, at most 64',
  step: 'letters, digits, _ and -, at most 64',
  depends_on: 'the ids of steps: letters, digits, _ and -',
  playbook_id: 'at most 200 characters, without slashes and control characters',
  version: 'this package reads version 2 of the format, such as 2.0.0',
  parameters: 'a name is made of letters, digits and _, at most 64, and does not begin with a digit',
  env: 'the name of a variable is made of letters, digits and _, and does not begin with a digit',
}

const isUnknownName = (issue: v.BaseIssue<unknown>): boolean =>
  issue.type === 'strict_object' && issue.expected === 'never'

const isMissing = (issue: v.BaseIssue<unknown>): boolean =>
  issue.type === 'strict_object' && issue.received === 'undefined' && issue.expected !== 'Object'

const limit = (issue: v.BaseIssue<unknown>): string | undefined => {
  const { requirement } = issue as { requirement?: unknown }
  const what = isList(issue.input) ? 'entries' : 'characters'
  if (issue.type === 'min_value') return `allowed is ${String(requirement)} or more`
  if (issue.type === 'max_value') return `allowed is ${String(requirement)} or less`
  if (issue.type === 'min_length') return isList(issue.input) ? 'it must have an entry' : 'it must not be empty'
  if (issue.type === 'max_length') return `allowed are ${String(requirement)} ${what}`
  if (issue.type === 'integer') return 'allowed is a whole number'
  return undefined
}

/** All of them: the schema stops at the first. */
const reportUnknown = (object: unknown, path: Path, findings: Findings): void => {
  const known = knownAt(path)
  const names = new Set(known)
  for (const name of Object.keys(object as object)) {
    if (names.has(name)) continue
    const hint = didYouMean(name, known, `known are ${some(known)}`)
    findings.add([...path.slice(0, -1), name], `there is no field \`${name.slice(0, 80)}\``, hint, 'name')
  }
}

const report = (issue: v.BaseIssue<unknown>, before: Path, findings: Findings): void => {
  const path = [...before, ...(issue.path ?? []).map(({ key }) => key as string | number)]
  const name = path.at(-1)
  // Of several shapes, the one that was meant is the one that got furthest.
  const inner = issue.type === 'union' ? issue.issues?.filter((one) => one.path !== undefined) : undefined
  if (inner && inner.length > 0) {
    for (const one of inner) report(one, path, findings)
    return
  }
  if (isMissing(issue)) return findings.add(path, `\`${String(name)}\` is missing`, 'it is required')
  if (isUnknownName(issue)) return reportUnknown(issue.path?.at(-1)?.input, path, findings)
  if (issue.type === 'regex') {
    const isName = issue.path?.at(-1)?.origin === 'key'
    return findings.add(path, `${shown(issue.input)} is not allowed`, rules[rule(path)], isName ? 'name' : undefined)
  }
  const refused = issue.type === 'union' ? issue.issues?.find((one) => one.type === 'regex' || limit(one)) : issue
  if (refused?.type === 'regex') return findings.add(path, `${shown(issue.input)} is not allowed`, rules[rule(path)])
  const bound = refused && limit(refused)
  if (bound) return findings.add(path, `it is ${shown(issue.input)}`, bound)
  const words = [...(issue.expected ?? '').matchAll(/"([^"]+)"/g)].map(([, word]) => word ?? '')
  const otherwise = `allowed is ${allowed(issue.expected ?? 'something else')}`
  const hint =
    typeof issue.input === 'string' && words.length > 0 ? didYouMean(issue.input, words, otherwise) : otherwise
  findings.add(path, `it is ${shown(issue.input)}`, hint)
}

/** The last name on the way that has a rule. */
const rule = (path: Path): string =>
  String(path.findLast((key) => typeof key === 'string' && Object.hasOwn(rules, key)) ?? '')

const insideAny = (issue: v.BaseIssue<unknown>, paths: ReadonlySet<string>): boolean => {
  const keys = (issue.path ?? []).map(({ key }) => key)
  return (
    paths.size > 0 &&
    Array.from({ length: keys.length + 1 }, (_, end) => keys.slice(0, end).join('.')).some((path) => paths.has(path))
  )
}

const isList = (value: unknown): value is unknown[] => Array.isArray(value)

/** Lists where objects belong: to the schema, as to JavaScript, a list is an object too. */
const checkObjects = (value: unknown, findings: Findings): void => {
  const wrong = (one: unknown, path: Path): boolean => {
    if (isList(one)) findings.add(path, 'it is a list', 'allowed is an object')
    return isList(one) || typeof one !== 'object' || one === null
  }
  if (wrong(value, [])) return
  const wrongParameters = (parameters: unknown, path: Path): void => {
    if (wrong(parameters, path)) return
    for (const [name, one] of Object.entries(parameters as object)) wrong(one, [...path, name])
  }
  const { parameters, metadata, steps } = value as Record<string, unknown>
  wrongParameters(parameters, ['parameters'])
  wrong(metadata, ['metadata'])
  if (!isList(steps)) return
  for (const [index, step] of steps.entries()) {
    if (wrong(step, ['steps', index])) continue
    wrongParameters((step as Record<string, unknown>)['parameters'], ['steps', index, 'parameters'])
    for (const name of ['env', 'metadata', 'retry_policy']) {
      wrong((step as Record<string, unknown>)[name], ['steps', index, name])
    }
  }
}

/** The playbook; nothing when something is wrong with its shape. */
export const checkStructure = (value: unknown, findings: Findings): PlaybookFile | undefined => {
  checkObjects(value, findings)
  const { success, output, issues } = v.safeParse(playbookSchema, value)
  if (success) return output
  // Of a list, the schema would say again what was said.
  const lists = new Set(findings.list.map(({ path }) => path.join('.')))
  for (const issue of issues) if (!insideAny(issue, lists)) report(issue, [], findings)
  return undefined
}
