/** All problems of a playbook at once, each with its location and a hint. */
import { shortened } from '../template/hints.js'

/** From the root of a playbook to a value in it. */
export type Path = readonly (string | number)[]

/** One problem. */
export interface PlaybookProblem {
  /** E.g. `steps[2].command`; empty for the playbook as a whole. */
  readonly path: string
  /** From 1; `null` if the problem is not in the text, such as a value given to a run. */
  readonly line: number | null
  /** From 1, in UTF-16 units. */
  readonly column: number | null
  readonly message: string
  /** What to do about it. */
  readonly hint: string | null
}

/** Nobody reads more. */
export const MAX_PROBLEMS = 100

const brand = Symbol.for('@escher/execution-engine/PlaybookError')

const inOneLine = (name: string, { path, line, column, message, hint }: PlaybookProblem): string => {
  const location = line === null ? name : `${name}:${line}:${column}`
  return `${location}: ${path === '' ? '' : `${path}: `}${message}${hint === null ? '' : `; ${hint}`}`
}

/**
 * A playbook that cannot run. Nothing was run.
 *
 * @example
 * try {
 *   parsePlaybook(text)
 * } catch (error) {
 *   if (!(error instanceof PlaybookError)) throw error
 *   for (const { line, message, hint } of error.problems) console.error(line, message, hint)
 * }
 */
export class PlaybookError extends Error {
  override readonly name = 'PlaybookError'
  readonly [brand] = true
  readonly problems: readonly PlaybookProblem[]

  constructor(problems: readonly PlaybookProblem[], source = 'playbook') {
    super(problems.map((problem) => inOneLine(source, problem)).join('\n'))
    this.problems = problems
  }

  /** `instanceof` holds also across copies of this package and across realms. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }
}

/** A path as one would write it in JavaScript. */
export const shownPath = (path: Path): string =>
  path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`
      if (!/^[\w$-]+$/.test(key)) return `[${JSON.stringify(shortened(key))}]`
      return index === 0 ? shortened(key) : `.${shortened(key)}`
    })
    .join('')

/** A problem, as found by code that does not know lines. */
export interface Finding {
  readonly path: Path
  readonly message: string
  readonly hint?: string | undefined
  /** What it is about, if not the value: the value's name, or the character at this offset. */
  readonly at?: 'name' | number | undefined
}

/** Thrown when there are more problems than anyone reads, so that a hostile playbook cannot keep the checks busy. */
class TooMany extends Error {}

/** Collects findings. */
export class Findings {
  readonly list: Finding[] = []

  /** @throws TooMany, which `Findings.of` catches */
  add(path: Path, message: string, hint?: string, at?: Finding['at']): void {
    this.list.push({ path, message, hint, at })
    if (this.list.length > MAX_PROBLEMS) throw new TooMany()
  }

  /** Runs checks until they are done or have found too much. */
  static of(check: (findings: Findings) => void): Finding[] {
    const findings = new Findings()
    try {
      check(findings)
    } catch (error) {
      if (!(error instanceof TooMany)) throw error
    }
    return findings.list
  }
}
