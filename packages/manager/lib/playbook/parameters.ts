/** Parameters: what a playbook declares, and the values a run gives them. */
import { isNumeric } from '../template/condition.js'
import { nameHint, shortened, some } from '../template/hints.js'
import type { Findings, Path } from './problems.js'
import type { ParameterFile, parameterTypes, ParameterValue } from './schema.js'

/** A parameter as a playbook declares it. */
export interface Parameter {
  readonly name: string
  readonly type: (typeof parameterTypes)[number] | null
  /** `undefined` if there is none. */
  readonly default: ParameterValue | undefined
  readonly required: boolean
  readonly secret: boolean
  readonly allowed: readonly ParameterValue[] | null
  readonly description: string | null
}

/** By name. A map, not an object, because the playbook chooses the names. */
export type Parameters = ReadonlyMap<string, Parameter>
/** By name; a parameter without a value is not in it. */
export type Values = ReadonlyMap<string, ParameterValue>

const plain = { type: null, secret: false, allowed: null, description: null }

const declared = (name: string, given: ParameterFile): Parameter => {
  if (given === null) return { ...plain, name, default: undefined, required: true }
  if (typeof given !== 'object') return { ...plain, name, default: given, required: false }
  return {
    name,
    type: given.type ?? null,
    default: given.default,
    required: given.required ?? given.default === undefined,
    secret: given.secret ?? false,
    allowed: given.enum ?? null,
    description: given.description ?? null,
  }
}

/** Reads declarations, and checks their defaults. */
export const parametersOf = (
  given: Readonly<Record<string, ParameterFile>> | undefined,
  path: Path,
  findings: Findings,
): Parameters => {
  const parameters = new Map<string, Parameter>()
  for (const [name, value] of Object.entries(given ?? {})) {
    const parameter = declared(name, value)
    parameters.set(name, parameter)
    if (parameter.default === undefined) continue
    const at = typeof value === 'object' ? [...path, name, 'default'] : [...path, name]
    const wrong = refusal(parameter, parameter.default)
    if (wrong) findings.add(at, ...wrong)
  }
  return parameters
}

const looksLike = (value: ParameterValue, type: Parameter['type']): boolean => {
  if (type === 'number') return isNumeric(value)
  return type !== 'boolean' || value === true || value === false || value === 'true' || value === 'false'
}

/** The engine does not mask single characters: that would mask most of the output. */
export const isMaskable = (secret: string): boolean => Array.from(secret).length >= 2

/** What is wrong with a value, and what to do. A secret's value is not shown. */
const refusal = ({ name, type, secret, allowed }: Parameter, value: ParameterValue): [string, string] | undefined => {
  const shown = secret ? 'the value' : `\`${shortened(String(value))}\``
  const text = String(value)
  if (text.includes('\0')) return [`the value of \`${name}\` holds a NUL character`, 'no program can be given one']
  if (!text.isWellFormed())
    return [`the value of \`${name}\` holds half a surrogate pair`, 'no program can be given one']
  if (!looksLike(value, type)) return [`${shown} is no ${type}`, `\`${name}\` is declared as one`]
  if (allowed !== null && !allowed.some((one) => String(one) === text)) {
    return [`${shown} is not allowed for \`${name}\``, `allowed are ${some(allowed.map(String))}`]
  }
  if (secret && !isMaskable(text)) {
    return [`the secret \`${name}\` has fewer than 2 characters`, 'so short a string cannot be masked']
  }
  return undefined
}

const isValue = (value: unknown): value is ParameterValue =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))

/** Checks the values given to a run. */
export const givenValues = (
  given: Readonly<Record<string, unknown>>,
  scopes: readonly Parameters[],
  findings: Findings,
): Values => {
  const values = new Map<string, ParameterValue>()
  const known = [...new Set(scopes.flatMap((scope) => [...scope.keys()]))]
  const names = new Set(known)
  for (const [name, value] of Object.entries(given)) {
    const path = ['parameters', name]
    if (value === undefined) continue
    if (!names.has(name)) {
      const hint = nameHint(name, known, 'the playbook declares none')
      findings.add(path, `the playbook has no parameter \`${name}\``, hint)
    } else if (!isValue(value)) {
      const shown = value === null ? 'null' : `a ${typeof value}`
      findings.add(path, `the value of \`${name}\` is ${shown}`, 'give a string, a number, true or false')
    } else {
      for (const scope of scopes) {
        const parameter = scope.get(name)
        const wrong = parameter && refusal(parameter, value)
        if (wrong) {
          findings.add(path, ...wrong)
          break
        }
      }
      values.set(name, value)
    }
  }
  return values
}

/** The values a step sees. Given values win over the step's parameters, and those over the playbook's. */
export const valuesOf = (scope: Parameters, given: Values): Values => {
  const values = new Map<string, ParameterValue>()
  for (const [name, parameter] of scope) {
    const value = given.get(name) ?? parameter.default
    if (value !== undefined) values.set(name, value)
  }
  return values
}
