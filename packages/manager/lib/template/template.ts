/**
 * Strings with placeholders: `{name}` and `{steps.<id>.…}`. Double the braces around such a name to write them
 * literally: `{{name}}`. All other braces stay as they are, so that JSON, JMESPath, awk and Go templates work.
 */
import { STEP_ID, WORD } from './grammar.js'
import { nameHint } from './hints.js'
import { type Accessor, parsePath } from './json-path.js'
import { isProblem, type Problem } from './problem.js'

/** What a step offers to later steps. */
const fields = ['stdout', 'stderr', 'exit_code', 'status', 'json'] as const
export type StepField = (typeof fields)[number]

/** What a placeholder refers to. */
export type Reference =
  | { readonly kind: 'parameter'; readonly name: string; readonly text: string }
  | {
      readonly kind: 'step'
      readonly step: string
      readonly field: StepField
      readonly path: readonly Accessor[]
      /** As written. */
      readonly text: string
    }

export type TemplatePart = string | Reference
export type Template = readonly TemplatePart[]

/** What a template may name. */
export interface Scope {
  readonly parameters: ReadonlySet<string>
  /** Every step of the playbook. */
  readonly steps: ReadonlySet<string>
}

const identifier = new RegExp(WORD, 'y')
const stepReference = /steps\.[^{}]*/y
const stepParts = new RegExp(String.raw`^steps\.(${STEP_ID}+)\.([a-z_]+)(.*)$`, 's')

const NO_SHELL = 'there is no shell here to know ${…}: write {name} for a parameter, or `"shell": true`'

/** Problems reported for one string. */
const TOO_MANY = 10

const literally = (text: string): string => `for these very characters write {{${text}}}`

/** The reference a name inside braces (or in a condition) stands for. */
export const parseReference = (text: string, scope: Scope): Reference | Problem => {
  if (!text.startsWith('steps.')) {
    if (scope.parameters.has(text)) return { kind: 'parameter', name: text, text }
    const hint = nameHint(text, [...scope.parameters], 'declare it under `parameters`')
    return { message: `there is no parameter \`${text}\``, hint: `${hint} (${literally(text)})` }
  }
  const [, step = '', field = '', rest = ''] = stepParts.exec(text) ?? []
  if (step === '') {
    return {
      message: `\`{${text}}\` is not a value of a step`,
      hint: `write {steps.<id>.stdout}, or {steps.<id>.json.<path>} (${literally(text)})`,
    }
  }
  if (!scope.steps.has(step)) {
    return { message: `there is no step \`${step}\``, hint: nameHint(step, [...scope.steps]) }
  }
  const known = fields.find((name) => name === field)
  if (known === undefined || (rest !== '' && known !== 'json')) {
    return {
      message: `a step has no \`${field}${rest}\``,
      hint: known === 'stdout' ? 'for a part of JSON output write .json instead of .stdout' : nameHint(field, fields),
    }
  }
  const path = parsePath(rest)
  if (path === undefined) {
    return {
      message: `\`${rest}\` is not a path`,
      hint: 'write it as .name[0].other, or ["a name"] for one with other characters',
    }
  }
  return { kind: 'step', step, field: known, path, text }
}

const countOf = (char: string, text: string, from: number): number => {
  let at = from
  while (text[at] === char) at += 1
  return at - from
}

const nameAt = (text: string, at: number): string | undefined => {
  for (const pattern of [stepReference, identifier]) {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Splits a string into text and placeholders. `isLiteral`: whether the character before a brace makes the brace
 * literal, such as the `$` of a shell's own `${name}`.
 */
export const parseTemplate = (
  text: string,
  scope: Scope,
  isLiteral: (before: string | undefined) => boolean = () => false,
): { parts: Template; problems: Problem[] } => {
  const parts: TemplatePart[] = []
  const problems: Problem[] = []
  let literal = ''
  let at = 0
  for (let brace = text.indexOf('{'); brace !== -1 && problems.length < TOO_MANY; brace = text.indexOf('{', at)) {
    literal += text.slice(at, brace)
    const opening = countOf('{', text, brace)
    const name = nameAt(text, brace + opening)
    const close = brace + opening + (name?.length ?? 0)
    const closing = name === undefined ? 0 : countOf('}', text, close)
    if (name === undefined || closing === 0 || isLiteral(text[brace - 1])) {
      literal += text.slice(brace, close)
      at = close
      continue
    }
    // As in Python, an odd brace begins a placeholder, and each pair is one literal brace.
    const isPlaceholder = opening % 2 === 1
    const pairs = Math.floor(opening / 2)
    const free = isPlaceholder ? closing - 1 : closing
    const closingPairs = Math.min(pairs, Math.floor(free / 2))
    literal += '{'.repeat(pairs)
    if (isPlaceholder) {
      const reference = parseReference(name, scope)
      if (isProblem(reference)) problems.push(text[brace - 1] === '$' ? { ...reference, hint: NO_SHELL } : reference)
      else {
        if (literal !== '') parts.push(literal)
        parts.push(reference)
        literal = ''
      }
    } else {
      literal += name
    }
    literal += '}'.repeat(free - closingPairs)
    at = close + closing
  }
  literal += text.slice(at)
  if (literal !== '') parts.push(literal)
  return { parts, problems }
}

/** The references in a template. */
export const references = (template: Template): Reference[] => template.filter((part) => typeof part !== 'string')

/** The string with each reference replaced by its value. */
export const fill = (template: Template, valueOf: (reference: Reference) => string): string =>
  template.map((part) => (typeof part === 'string' ? part : valueOf(part))).join('')
