/**
 * A command as a text, split into words as a POSIX shell would by its quotes, and nothing else of a shell: no variables,
 * no wildcards, no substitution, no operators.
 */

/** What was wrong, and what to do. */
export interface Refusal {
  message: string
  hint: string
}

const SHELL_HINT = 'write `"shell": true` to run it by a shell, or quote it to pass it on as it is'

// Standing alone and unquoted, these say that the author expected a shell.
const operators = new Set([
  '|',
  '||',
  '&',
  '&&',
  ';',
  ';;',
  '<',
  '<<',
  '<<<',
  '>',
  '>>',
  '&>',
  '>|',
  '2>',
  '2>>',
  '2>&1',
  '>&2',
  '1>&2',
  '|&',
])

/** The words of a command. */
export const splitWords = (text: string): string[] | Refusal => {
  const words: string[] = []
  let word: string | undefined
  let isPlain = true
  const end = (): Refusal | undefined => {
    if (word === undefined) return undefined
    if (isPlain && operators.has(word)) {
      return { message: `\`${word}\` means nothing here: there is no shell`, hint: SHELL_HINT }
    }
    words.push(word)
    word = undefined
    isPlain = true
    return undefined
  }
  const line = text.trim()
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] as string
    if (char === "'" || char === '"') {
      const quoted = char === "'" ? singleQuoted(line, at) : doubleQuoted(line, at)
      if (quoted === undefined)
        return { message: `a ${char} is never closed`, hint: `close it, or write \\${char} for the character itself` }
      word = (word ?? '') + quoted.text
      isPlain = false
      at = quoted.end
    } else if (char === '\\') {
      const next = line[at + 1]
      if (next === undefined) return { message: 'a \\ stands at the end', hint: 'write \\\\ for the character itself' }
      at += line.startsWith('\r\n', at + 1) ? 2 : 1
      // A line that goes on in the next.
      if (line[at] !== '\n') {
        word = (word ?? '') + next
        isPlain = false
      }
    } else if (char === '\n' || char === '\r') {
      // Each line would be a command of its own to a shell.
      return {
        message: 'the command has several lines',
        hint: 'end a line with \\ to go on in the next, make several steps, or write `"shell": true`',
      }
    } else if (char === ' ' || char === '\t') {
      const refused = end()
      if (refused) return refused
    } else {
      word = (word ?? '') + char
    }
  }
  return end() ?? (words.length > 0 ? words : { message: 'the command is empty', hint: 'name a program' })
}

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
