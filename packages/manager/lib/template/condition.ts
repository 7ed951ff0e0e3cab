/**
 * Conditions: parameters, values of steps, literals, == != < <= > >= in && || ! and parentheses. They are parsed with
 * the playbook, so mistakes are found before anything runs.
 */
import { STEP_VALUE, STRING, WORD } from './grammar.js'
import { isProblem, type Problem } from './problem.js'
import { parseReference, type Reference, type Scope } from './template.js'

export type Value = string | number | boolean | null

export type Condition =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'reference'; readonly reference: Reference }
  | { readonly kind: 'array'; readonly items: readonly Condition[] }
  | { readonly kind: 'not'; readonly operand: Condition }
  | { readonly kind: 'binary'; readonly operator: Operator; readonly left: Condition; readonly right: Condition }

const operators = ['||', '&&', '==', '!=', '<=', '>=', '<', '>', 'in'] as const
type Operator = (typeof operators)[number]

/** How strongly an operator binds; the strongest binds first. */
const precedence: Readonly<Record<Operator, number>> = {
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  in: 4,
}

type Token = { readonly kind: 'word' | 'string' | 'number' | 'symbol'; readonly text: string; readonly at: number }

const tokenPattern = new RegExp(
  [
    String.raw`\s*(?:(?<string>${STRING}|'[^']*')`,
    String.raw`(?<number>-?\d+(?:\.\d+)?)`,
    `(?<word>${STEP_VALUE}|${WORD})`,
    String.raw`(?<symbol>\|\||&&|==|!=|<=|>=|[<>!()[\],]))`,
  ].join('|'),
  'y',
)

/** More than a person writes, and far from the end of the stack. */
const MAX_DEPTH = 50

class Refused extends Error {
  readonly hint: string
  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

const tokens = (text: string): Token[] => {
  const found: Token[] = []
  tokenPattern.lastIndex = 0
  const end = text.trimEnd().length
  for (let at = 0; at < end; at = tokenPattern.lastIndex) {
    const match = tokenPattern.exec(text)
    if (match === null) {
      const rest = text.slice(at).trim().slice(0, 20)
      const place = text.length - text.slice(at).trimStart().length + 1
      const hint = rest.startsWith('=')
        ? 'write == to compare'
        : rest.startsWith('{')
          ? 'write the name without braces'
          : HINT
      throw new Refused(`\`${rest}\` cannot be understood at character ${place}`, hint)
    }
    const [kind, word] = Object.entries(match.groups ?? {}).find(([, part]) => part !== undefined) ?? ['symbol', '']
    found.push({ kind: kind as Token['kind'], text: word ?? '', at: tokenPattern.lastIndex - (word ?? '').length })
  }
  return found
}

const HINT = 'write it like: environment == "production" && steps.check.exit_code == 0'

class Parser {
  readonly #tokens: readonly Token[]
  readonly #scope: Scope
  #next = 0
  #depth = 0

  constructor(text: string, scope: Scope) {
    this.#tokens = tokens(text)
    this.#scope = scope
  }

  whole(): Condition {
    const condition = this.#expression(0)
    const rest = this.#tokens[this.#next]
    if (rest) throw new Refused(`\`${rest.text}\` is not expected at character ${rest.at + 1}`, HINT)
    return condition
  }

  #expression(binding: number): Condition {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw new Refused('the condition is nested too deeply', 'make it several steps')
    let left = this.#operand()
    for (;;) {
      const operator = operators.find(
        (name) => name === this.#tokens[this.#next]?.text && this.#tokens[this.#next]?.kind !== 'string',
      )
      if (operator === undefined || precedence[operator] <= binding) break
      this.#next += 1
      left = { kind: 'binary', operator, left, right: this.#expression(precedence[operator]) }
    }
    this.#depth -= 1
    return left
  }

  #operand(): Condition {
    const token = this.#tokens[this.#next]
    if (token === undefined) throw new Refused('the condition ends too early', HINT)
    this.#next += 1
    if (token.kind === 'number') return { kind: 'literal', value: Number(token.text) }
    if (token.kind === 'string') return { kind: 'literal', value: stringValue(token.text) }
    if (token.kind === 'word') return this.#word(token.text)
    if (token.text === '!') {
      this.#depth += 1
      if (this.#depth > MAX_DEPTH) throw new Refused('the condition is nested too deeply', 'make it several steps')
      const operand = this.#operand()
      this.#depth -= 1
      return { kind: 'not', operand }
    }
    if (token.text === '(') {
      const inner = this.#expression(0)
      this.#expect(')')
      return inner
    }
    if (token.text === '[') return this.#array()
    throw new Refused(`\`${token.text}\` is not expected at character ${token.at + 1}`, HINT)
  }

  #array(): Condition {
    const items: Condition[] = []
    while (this.#tokens[this.#next]?.text !== ']') {
      if (items.length > 0) this.#expect(',')
      items.push(this.#expression(0))
    }
    this.#next += 1
    return { kind: 'array', items }
  }

  #expect(symbol: string): void {
    const token = this.#tokens[this.#next]
    if (token?.text !== symbol) throw new Refused(`a \`${symbol}\` is missing`, HINT)
    this.#next += 1
  }

  #word(text: string): Condition {
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' }
    if (text === 'null') return { kind: 'literal', value: null }
    const reference = parseReference(text, this.#scope)
    if (isProblem(reference)) throw new Refused(reference.message, reference.hint)
    return { kind: 'reference', reference }
  }
}

const stringValue = (text: string): string => {
  if (text.startsWith("'")) return text.slice(1, -1)
  try {
    return String(JSON.parse(text))
  } catch {
    throw new Refused(`${text} is not a string as JSON has it`, String.raw`escapes are \" \\ \n \t and \u0000`)
  }
}

export const parseCondition = (text: string, scope: Scope): Condition | Problem => {
  try {
    return new Parser(text, scope).whole()
  } catch (error) {
    if (error instanceof Refused) return { message: error.message, hint: error.hint }
    throw error
  }
}

/** The references in a condition. */
export const conditionReferences = (condition: Condition): Reference[] => {
  if (condition.kind === 'reference') return [condition.reference]
  if (condition.kind === 'not') return conditionReferences(condition.operand)
  if (condition.kind === 'array') return condition.items.flatMap(conditionReferences)
  if (condition.kind === 'binary')
    return [...conditionReferences(condition.left), ...conditionReferences(condition.right)]
  return []
}

/** Whether it is a number, or a string that reads as one. */
export const isNumeric = (value: unknown): boolean =>
  typeof value === 'number' || (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))

/** Parameters from a command line are strings: `"3"` equals 3, and `"true"` equals true. */
const equal = (left: unknown, right: unknown): boolean => {
  if (typeof left === typeof right || left === null || right === null) return left === right
  return isNumeric(left) && isNumeric(right) ? Number(left) === Number(right) : String(left) === String(right)
}

const kindOf = (value: unknown): string =>
  value === null ? 'what is missing' : Array.isArray(value) ? 'an array' : `a ${typeof value}`

const less = (left: unknown, right: unknown): boolean => {
  if (isNumeric(left) && isNumeric(right)) return Number(left) < Number(right)
  if (typeof left === 'string' && typeof right === 'string') return left < right
  // Values are left out: one may be a secret.
  throw new Error(`${kindOf(left)} is neither more nor less than ${kindOf(right)}`)
}

const isTrue = (value: unknown): boolean => value !== 'false' && Boolean(value)

/** Whether a condition holds. @throws Error if two values cannot be compared */
export const holds = (condition: Condition, valueOf: (reference: Reference) => unknown): boolean => {
  const evaluate = (part: Condition): unknown => {
    if (part.kind === 'literal') return part.value
    if (part.kind === 'reference') return valueOf(part.reference)
    if (part.kind === 'array') return part.items.map(evaluate)
    if (part.kind === 'not') return !isTrue(evaluate(part.operand))
    if (part.operator === '&&') return isTrue(evaluate(part.left)) && isTrue(evaluate(part.right))
    if (part.operator === '||') return isTrue(evaluate(part.left)) || isTrue(evaluate(part.right))
    const left = evaluate(part.left)
    const right = evaluate(part.right)
    if (part.operator === '==') return equal(left, right)
    if (part.operator === '!=') return !equal(left, right)
    if (part.operator === '<') return less(left, right)
    if (part.operator === '>') return less(right, left)
    if (part.operator === '<=') return !less(right, left)
    if (part.operator === '>=') return !less(left, right)
    return contains(right, left)
  }
  return isTrue(evaluate(condition))
}

const contains = (whole: unknown, part: unknown): boolean => {
  if (Array.isArray(whole)) return whole.some((item) => equal(part, item))
  if (typeof whole === 'string') return whole.includes(String(part))
  return false
}
