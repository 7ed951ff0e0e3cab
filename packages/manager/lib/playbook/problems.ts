/** What is wrong with a playbook: all of it at once, each with its place and a hint. */
import { distance } from './nearest.js'

export type Path = readonly (string | number)[]

/** One thing that is wrong. */
export interface PlaybookProblem {
  /** E.g. `steps[2].command`; empty for the playbook as a whole. */
  readonly path: string
  /** From 1; `null` where it is not about the text, such as a value given to a run. */
  readonly line: number | null
  /** From 1, in UTF-16 units. */
  readonly column: number | null
  readonly message: string
  /** What to do about it. */
  readonly hint: string | null
}

/** Above this, more of the same helps nobody. */
export const MAX_PROBLEMS = 100

const brand = Symbol.for('@escher/execution-engine/PlaybookError')

const line = (name: string, { path, line: row, column, message, hint }: PlaybookProblem): string => {
  const place = row === null ? name : `${name}:${row}:${column}`
  return `${place}: ${path === '' ? '' : `${path}: `}${message}${hint === null ? '' : `; ${hint}`}`
}

/**
 * A playbook that cannot run. Nothing was run.
 *
 * @example
 * catch (error) {
 *   if (error instanceof PlaybookError) for (const { line, message, hint } of error.problems) console.error(line, message, hint)
 * }
 */
export class PlaybookError extends Error {
  override readonly name = 'PlaybookError'
  readonly [brand] = true
  readonly problems: readonly PlaybookProblem[]

  constructor(problems: readonly PlaybookProblem[], source = 'playbook') {
    super(problems.map((problem) => line(source, problem)).join('\n'))
    this.problems = problems
  }

  /** `instanceof` holds also across copies of this package and across realms. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }
}

const shownKey = (key: string): string => (key.length > 80 ? `${key.slice(0, 80)}…` : key)

/** As one would write it in JavaScript. */
export const shownPath = (path: Path): string =>
  path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`
      if (!/^[\w$-]+$/.test(key)) return `[${JSON.stringify(shownKey(key))}]`
      return index === 0 ? shownKey(key) : `.${shownKey(key)}`
    })
    .join('')

/** A place where something is wrong, found by those who do not know lines. */
export interface Finding {
  path: Path
  message: string
  hint?: string | undefined
  /** Where it stands, if not at the value: at the value's name, or at this character. */
  place?: 'name' | number | undefined
}

/** Thrown when there is more wrong than anybody reads: a hostile playbook must not keep us busy with hints. */
export class Enough extends Error {}

/** Gathers findings. */
export class Findings {
  readonly list: Finding[] = []

  /** @throws Enough */
  add(path: Path, message: string, hint?: string, place?: Finding['place']): void {
    this.list.push({ path, message, hint, place })
    if (this.list.length > MAX_PROBLEMS) throw new Enough()
  }

  /** Does some looking, and comes back also when there is enough. */
  static of(look: (findings: Findings) => void): Finding[] {
    const findings = new Findings()
    try {
      look(findings)
    } catch (error) {
      if (!(error instanceof Enough)) throw error
    }
    return findings.list
  }
}

/** The known word that was probably meant. */
export const nearest = (given: string, known: Iterable<string>): string | undefined => {
  const word = given.toLowerCase()
  let best: { name: string; far: number } | undefined
  let looked = 0
  for (const name of known) {
    looked += 1
    if (looked > 1000) break
    const far = distance(word, name.toLowerCase())
    if (far <= Math.max(2, Math.floor(name.length / 3)) && (best === undefined || far < best.far)) best = { name, far }
  }
  return best?.name
}

/** A hint that names what was probably meant, or else what there is. */
export const didYouMean = (given: string, known: readonly string[], otherwise: string): string => {
  const near = nearest(given, known)
  return near === undefined ? otherwise : `did you mean \`${near}\`?`
}

/** A few of many. */
export const some = (names: readonly string[]): string => {
  const shown = names.slice(0, 12).map((name) => `\`${shownKey(name)}\``)
  return names.length > 12 ? `${shown.join(', ')} …` : shown.join(', ')
}
