/**
 * Scripts for a shell. A value never becomes part of the script: it is passed in an environment variable, and the
 * script gets a reference to that. Expanding a variable never turns its value into code, wherever it is. This does not
 * depend on how well this file understands quoting, which only keeps a value one word. The one exception is arithmetic,
 * where a placeholder is refused.
 */
import type { Problem } from './problem.js'
import { parseTemplate, type Reference, type Scope } from './template.js'

/** A script, and the values of its variables. */
export interface ShellScript {
  readonly script: string
  readonly variables: ReadonlyMap<string, Reference>
}

/** The variable that holds a parameter, in every shell step. */
export const parameterVariable = (name: string): string => `ESCHER_PARAM_${name}`

/** What encloses a character of a script. */
type Context =
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

/** Tracks the quotes of a script. */
class Quoting {
  #stack: Context[] = ['plain']
  #isEscaped = false
  #before = '\n'
  #hasHeredoc = false

  get context(): Context | 'escaped' {
    if (this.#isEscaped) return 'escaped'
    return this.#hasHeredoc ? 'heredoc' : this.#top
  }

  get #top(): Context {
    return this.#stack.at(-1) ?? 'plain'
  }

  read(text: string): void {
    for (let at = 0; at < text.length; at += 1) at += this.#char(text[at] as string, text, at)
  }

  /** A placeholder was here: a `#` directly after it starts no comment. */
  passed(): void {
    this.#before = 'x'
  }

  /** Returns how many further characters it read. */
  #char(char: string, text: string, at: number): number {
    const before = this.#before
    this.#before = char
    if (this.#isEscaped) {
      this.#isEscaped = false
      return 0
    }
    const context = this.#top
    if (context === 'comment') {
      if (char === '\n') this.#stack.pop()
      return 0
    }
    if (context === 'single') {
      if (char === "'") this.#stack.pop()
      return 0
    }
    if (char === '\\') {
      this.#isEscaped = true
      return 0
    }
    if (context === 'ansi') {
      if (char === "'") this.#stack.pop()
      return 0
    }
    return this.#open(char, before, text, at)
  }

  #open(char: string, before: string, text: string, at: number): number {
    const context = this.#top
    if (char === '"') {
      if (context === 'double') this.#stack.pop()
      else this.#stack.push('double')
    } else if (char === '`') {
      if (this.#stack.includes('backtick')) this.#stack.splice(this.#stack.indexOf('backtick'))
      else this.#stack.push('backtick')
    } else if (char === '$') {
      return this.#dollar(text, at)
    } else if (context === 'parameter' && char === '}') {
      this.#stack.pop()
    } else if (context === 'arithmetic' && char === ')' && text[at + 1] === ')') {
      this.#stack.pop()
      return 1
    } else if (context === 'paren' && char === ')') {
      this.#stack.pop()
    } else if (context === 'plain' || context === 'paren' || context === 'backtick') {
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

const forms: Readonly<Partial<Record<Context | 'escaped', (variable: string) => string>>> = {
  plain: (variable) => `"\${${variable}}"`,
  paren: (variable) => `"\${${variable}}"`,
  double: (variable) => `\${${variable}}`,
  single: (variable) => `'"\${${variable}}"'`,
  comment: (variable) => variable,
}

const names: Readonly<Partial<Record<Context | 'escaped', string>>> = {
  ansi: "inside $'…'",
  heredoc: 'after <<',
  backtick: 'inside `…`',
  parameter: 'inside ${…}',
  arithmetic: 'inside $((…))',
  escaped: 'after a \\',
}

const hintFor = (reference: Reference, variable: string, context: Context | 'escaped'): string => {
  // bash runs the index of `a[$(…)]`, even if it comes from a variable.
  if (context === 'arithmetic') return 'some shells run code that is in a number there: let a program do the sum'
  if (reference.kind === 'parameter') return `write $${variable}, which every shell step is given`
  return `put it into a variable first: value={${reference.text}}`
}

/** Replaces placeholders with references to variables. */
export const parseScript = (text: string, scope: Scope): { script: ShellScript; problems: Problem[] } => {
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
    const form = forms[quoting.context]
    if (form === undefined) {
      problems.push({
        message: `{${part.text}} cannot stand ${names[quoting.context]}`,
        hint: hintFor(part, variable, quoting.context),
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
