/**
 * Splits a command into words as a POSIX shell does by its quotes. It does nothing else that a shell does: no
 * variables, no wildcards, no substitution, no operators.
 */
import type { Problem } from './problem.js'

const SHELL_HINT = 'write `"shell": true` to run it by a shell, or quote it to pass it on as it is'

// Alone and unquoted, these mean that the author expected a shell.
const operators = new Set('| || & && ; ;; < << <<< > >> &> >| 2> 2>> 2>&1 >&2 1>&2 |&'.split(' '))

/** Splits one command. */
class Splitter {
  readonly #line: string
  readonly #words: string[] = []
  /** The word being read; `undefined` between words. */
  #word: string | undefined
  /** Whether nothing in the word is quoted. */
  #isPlain = true

  constructor(text: string) {
    this.#line = text.trim()
  }

  words(): string[] | Problem {
    for (let at = 0; at < this.#line.length;) {
      const next = this.#read(at)
      if (typeof next !== 'number') return next
      at = next
    }
    const problem = this.#endWord()
    if (problem) return problem
    return this.#words.length > 0 ? this.#words : { message: 'the command is empty', hint: 'name a program' }
  }

  /** Reads what begins here, and returns its end. */
  #read(at: number): number | Problem {
    const char = this.#line[at] as string
    if (char === "'" || char === '"') return this.#quoted(char, at)
    if (char === '\\') return this.#escaped(at)
    if (char === '\n' || char === '\r') {
      // In a shell, each line would be a separate command.
      return {
        message: 'the command has several lines',
        hint: 'end a line with \\ to go on in the next, make several steps, or write `"shell": true`',
      }
    }
    if (char === ' ' || char === '\t') return this.#endWord() ?? at + 1
    this.#word = (this.#word ?? '') + char
    return at + 1
  }

  #quoted(quote: string, at: number): number | Problem {
    const quoted = quote === "'" ? singleQuoted(this.#line, at) : doubleQuoted(this.#line, at)
    if (quoted === undefined) {
      return { message: `a ${quote} is never closed`, hint: `close it, or write \\${quote} for the character itself` }
    }
    this.#append(quoted.text)
    return quoted.end + 1
  }

  #escaped(at: number): number | Problem {
    const next = this.#line[at + 1]
    if (next === undefined) return { message: 'a \\ stands at the end', hint: 'write \\\\ for the character itself' }
    const isLineEnd = next === '\n' || this.#line.startsWith('\r\n', at + 1)
    // The line continues on the next one.
    if (isLineEnd) return at + (next === '\n' ? 2 : 3)
    this.#append(next)
    return at + 2
  }

  #append(text: string): void {
    this.#word = (this.#word ?? '') + text
    this.#isPlain = false
  }

  #endWord(): Problem | undefined {
    const word = this.#word
    if (word === undefined) return undefined
    if (this.#isPlain && operators.has(word)) {
      return { message: `\`${word}\` means nothing here: there is no shell`, hint: SHELL_HINT }
    }
    this.#words.push(word)
    this.#word = undefined
    this.#isPlain = true
    return undefined
  }
}

/** The words of a command. */
export const splitWords = (text: string): string[] | Problem => new Splitter(text).words()

const singleQuoted = (line: string, start: number): { text: string; end: number } | undefined => {
  const end = line.indexOf("'", start + 1)
  return end === -1 ? undefined : { text: line.slice(start + 1, end), end }
}

const doubleQuoted = (line: string, start: number): { text: string; end: number } | undefined => {
  let text = ''
  for (let at = start + 1; at < line.length; at += 1) {
    const char = line[at] as string
    if (char === '"') return { text, end: at }
    const next = line[at + 1]
    if (char === '\\' && next !== undefined && '"\\$`\n'.includes(next)) {
      if (next !== '\n') text += next
      at += 1
    } else {
      text += char
    }
  }
  return undefined
}

/** A word as one would type it. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`

/** Words as one would type them. */
export const commandLine = (words: readonly string[]): string => words.map(quoted).join(' ')
