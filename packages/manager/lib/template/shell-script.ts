/**
 * Scripts for a shell. A value never becomes part of the script: it is handed over as an environment variable, and the
 * script gets a reference to it. Expanding a variable does not make code of its value, whatever it holds and wherever it
 * stands; that does not depend on this file's idea of quoting, which is only needed to keep a value one word. The one
 * exception is arithmetic, where a placeholder is refused.
 */
import { parseTemplate, type Reference, type Scope, type Template, type TemplateProblem } from './template.js'

/** A script, and what its variables stand for. */
export interface ShellScript {
  readonly script: string
  readonly variables: ReadonlyMap<string, Reference>
}

/** The variable that holds a parameter, in every shell step. */
export const parameterVariable = (name: string): string => `ESCHER_PARAM_${name}`

type Place =
  | 'plain'
  | 'double'
  | 'single'
  | 'ansi'
  | 'comment'
  | 'heredoc'
  | 'backtick'
  | 'parameter'
  | 'arithmetic'
  | 'paren'

/** Where in a script one is, as far as quotes go. */
class Quoting {
  #stack: Place[] = ['plain']
  #isEscaped = false
  #before = '\n'
  #hasHeredoc = false

  get place(): Place | 'escaped' {
    if (this.#isEscaped) return 'escaped'
    return this.#hasHeredoc ? 'heredoc' : this.#top
  }

  get #top(): Place {
    return this.#stack.at(-1) ?? 'plain'
  }

  read(text: string): void {
    for (let at = 0; at < text.length; at += 1) at += this.#char(text[at] as string, text, at)
  }

  /** A placeholder stood here: a `#` directly after it is no comment. */
  passed(): void {
    this.#before = 'x'
  }

  /** How many more characters it took. */
  #char(char: string, text: string, at: number): number {
    const before = this.#before
    this.#before = char
    if (this.#isEscaped) {
      this.#isEscaped = false
      return 0
    }
    const place = this.#top
    if (place === 'comment') {
      if (char === '\n') this.#stack.pop()
      return 0
    }
    if (place === 'single') {
      if (char === "'") this.#stack.pop()
      return 0
    }
    if (char === '\\') {
      this.#isEscaped = true
      return 0
    }
    if (place === 'ansi') {
      if (char === "'") this.#stack.pop()
      return 0
    }
    return this.#open(char, before, text, at)
  }

  #open(char: string, before: string, text: string, at: number): number {
    const place = this.#top
    if (char === '"') {
      if (place === 'double') this.#stack.pop()
      else this.#stack.push('double')
    } else if (char === '`') {
      if (this.#stack.includes('backtick')) this.#stack.splice(this.#stack.indexOf('backtick'))
      else this.#stack.push('backtick')
    } else if (char === '$') {
      return this.#dollar(text, at)
    } else if (place === 'parameter' && char === '}') {
      this.#stack.pop()
    } else if (place === 'arithmetic' && char === ')' && text[at + 1] === ')') {
      this.#stack.pop()
      return 1
    } else if (place === 'paren' && char === ')') {
      this.#stack.pop()
    } else if (place === 'plain' || place === 'paren' || place === 'backtick') {
      if (char === "'") this.#stack.push('single')
      else if (char === '(') this.#stack.push('paren')
      else if (char === '#' && /[\s;&|()]/.test(before)) this.#stack.push('comment')
      else if (char === '<' && text[at + 1] === '<') {
        if (text[at + 2] === '<') return 2
        this.#hasHeredoc = true
      }
    }
    return 0
  }

  #dollar(text: string, at: number): number {
    const rest = text.slice(at + 1, at + 3)
    if (rest.startsWith('((')) {
      this.#stack.push('arithmetic')
      return 2
    }
    if (rest.startsWith('(')) this.#stack.push('paren')
    else if (rest.startsWith('{')) this.#stack.push('parameter')
    else if (rest.startsWith("'") && this.#top !== 'double') this.#stack.push('ansi')
    else return 0
    return 1
  }
}

const forms: Readonly<Partial<Record<Place | 'escaped', (variable: string) => string>>> = {
  plain: (variable) => `"\${${variable}}"`,
  paren: (variable) => `"\${${variable}}"`,
  double: (variable) => `\${${variable}}`,
  single: (variable) => `'"\${${variable}}"'`,
  comment: (variable) => variable,
}

const names: Readonly<Partial<Record<Place | 'escaped', string>>> = {
  ansi: "inside $'…'",
  heredoc: 'after <<',
  backtick: 'inside `…`',
  parameter: 'inside ${…}',
  arithmetic: 'inside $((…))',
  escaped: 'after a \\',
}

const hintFor = (reference: Reference, variable: string, place: Place | 'escaped'): string => {
  // bash runs what stands in the index of `a[$(…)]`, also when that comes out of a variable.
  if (place === 'arithmetic') return 'some shells run code that is in a number there: let a program do the sum'
  if (reference.kind === 'parameter') return `write $${variable}, which every shell step is given`
  return `put it into a variable first: value={${reference.text}}`
}

/** Puts references to variables where the placeholders are. */
export const parseScript = (text: string, scope: Scope): { script: ShellScript; problems: TemplateProblem[] } => {
  // `${name}` is the shell's own.
  const { parts, problems } = parseTemplate(text, scope, (before) => before === '$')
  const quoting = new Quoting()
  const variables = new Map<string, Reference>()
  const byText = new Map<string, string>()
  let script = ''
  for (const part of parts) {
    if (typeof part === 'string') {
      quoting.read(part)
      script += part
      continue
    }
    const variable = byText.get(part.text) ?? variableFor(part, variables.size + 1)
    byText.set(part.text, variable)
    variables.set(variable, part)
    const form = forms[quoting.place]
    if (form === undefined) {
      problems.push({
        message: `{${part.text}} cannot stand ${names[quoting.place]}`,
        hint: hintFor(part, variable, quoting.place),
      })
    } else {
      script += form(variable)
    }
    quoting.passed()
  }
  return { script: { script, variables }, problems }
}

const variableFor = (reference: Reference, number: number): string =>
  reference.kind === 'parameter' ? parameterVariable(reference.name) : `ESCHER_VALUE_${number}`

/** As a template again, for what looks at references only. */
export const scriptReferences = ({ variables }: ShellScript): Template => [...variables.values()]
