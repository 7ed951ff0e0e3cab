/** The text of a playbook: its JSON, and the line of each part. */
import { readFile } from 'node:fs/promises'

import {
  createScanner,
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser'

import {
  type Finding,
  Findings,
  MAX_PROBLEMS,
  type Path,
  PlaybookError,
  type PlaybookProblem,
  shownPath,
} from './problems.js'

/** Characters. A larger playbook is an accident or an attack. */
const MAX_LENGTH = 16 * 1024 * 1024
/** A playbook needs six levels; its metadata may want more. The parser recurses. */
const MAX_NESTING = 64

// Names that mean something to every JavaScript object. Careless code would change a prototype through them.
const reserved = new Set(['__proto__', 'constructor', 'prototype'])

const syntax: Readonly<Record<string, string>> = {
  InvalidSymbol: 'this is not JSON',
  InvalidNumberFormat: 'this is not a number',
  PropertyNameExpected: 'a name in double quotes is expected here',
  ValueExpected: 'a value is expected here',
  ColonExpected: 'a colon is expected here',
  CommaExpected: 'a comma is expected here',
  CloseBraceExpected: 'a closing } is expected here',
  CloseBracketExpected: 'a closing ] is expected here',
  EndOfFileExpected: 'nothing more is expected here',
  InvalidCommentToken: 'JSON has no comments',
  UnexpectedEndOfComment: 'JSON has no comments',
  UnexpectedEndOfString: 'this string has no closing quote',
  UnexpectedEndOfNumber: 'this number is cut off',
  InvalidUnicode: 'this is not a Unicode escape',
  InvalidEscapeCharacter: 'this is not an escape that JSON has',
  InvalidCharacter: 'this character must be escaped',
}

/** A parsed text that knows the location of each problem. */
export class Source {
  /** The text as JavaScript values. */
  readonly value: unknown
  readonly #name: string
  readonly #text: string
  readonly #tree: Node | undefined
  #lineStarts: number[] | undefined

  /** @throws PlaybookError if it is not JSON, or not safe to use */
  constructor(text: string, name: string) {
    this.#name = name
    if (typeof text !== 'string') throw unreadable(name, `it is read from a string, and this is of type ${typeof text}`)
    // A byte order mark becomes a blank, so that columns stay correct.
    this.#text = text.startsWith('\uFEFF') ? ` ${text.slice(1)}` : text
    if (text.length > MAX_LENGTH) {
      throw this.#error([
        {
          offset: 0,
          message: `the playbook has ${text.length} characters; ${MAX_LENGTH} are allowed`,
          hint: 'pass large data to a program in a file',
        },
      ])
    }
    if (this.#text.trim() === '') throw this.#error([{ offset: 0, message: 'the playbook is empty' }])
    this.#checkDepth()
    const errors: ParseError[] = []
    this.#tree = parseTree(this.#text, errors, { disallowComments: true, allowTrailingComma: false })
    if (errors.length > 0 || this.#tree === undefined) {
      const found = errors.map(({ error, offset }) => ({
        offset,
        message: syntax[printParseErrorCode(error)] ?? 'this is not JSON',
      }))
      throw this.#error(found.length > 0 ? found.slice(0, 10) : [{ offset: 0, message: 'this is not JSON' }])
    }
    const tree = this.#tree
    this.checked((findings) => checkTree(tree, [], findings))
    this.value = getNodeValue(tree)
  }

  /** What a check returns. @throws PlaybookError if it finds a problem */
  checked<Value>(check: (findings: Findings) => Value): Exclude<Value, undefined> {
    let value: Value | undefined
    const findings = Findings.of((collected) => {
      value = check(collected)
    })
    if (findings.length > 0) throw this.#located(findings)
    return value as Exclude<Value, undefined>
  }

  #located(findings: readonly Finding[]): PlaybookError {
    const located = findings
      .slice(0, MAX_PROBLEMS)
      .map(({ path, message, hint, at }) => ({ path, message, hint, offset: this.#offset(path, at) }))
    return this.#error(located, findings.length > MAX_PROBLEMS)
  }

  #error(
    found: readonly { offset: number; message: string; hint?: string | undefined; path?: Path }[],
    isCut = false,
  ): PlaybookError {
    const problems: PlaybookProblem[] = found
      .toSorted((a, b) => a.offset - b.offset)
      .map(({ offset, message, hint, path }) => ({
        path: shownPath(path ?? []),
        ...this.#location(offset),
        message,
        hint: hint ?? null,
      }))
    if (isCut) problems.push({ path: '', line: null, column: null, message: 'and more', hint: 'mend these first' })
    return new PlaybookError(problems, this.#name)
  }

  /** Where the value at this path begins, or the one that should contain it. */
  #offset(path: Path, at: Finding['at']): number {
    if (typeof at === 'number') return at
    if (this.#tree === undefined) return 0
    for (let length = path.length; length > 0; length -= 1) {
      const node = findNodeAtLocation(this.#tree, path.slice(0, length) as (string | number)[])
      if (node !== undefined) return (at === 'name' && length === path.length && node.parent?.offset) || node.offset
    }
    return this.#tree.offset
  }

  #location(offset: number): { line: number; column: number } {
    this.#lineStarts ??= lineStarts(this.#text)
    let low = 0
    let high = this.#lineStarts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 }
  }

  /** By the scanner, which does not recurse: the parser would overflow the stack. */
  #checkDepth(): void {
    const scanner = createScanner(this.#text, true)
    let depth = 0
    for (;;) {
      scanner.scan()
      const offset = scanner.getTokenOffset()
      if (offset >= this.#text.length) return
      // By its first character: the scanner's own names are a `const enum`, which exists only inside its compilation.
      const char = this.#text[offset]
      if (char === '{' || char === '[') depth += 1
      else if (char === '}' || char === ']') depth -= 1
      if (depth > MAX_NESTING) {
        throw this.#error([{ offset, message: `this is nested more than ${MAX_NESTING} levels deep` }])
      }
    }
  }
}

const unreadable = (path: string, message: string): PlaybookError =>
  new PlaybookError([{ path: '', line: null, column: null, message, hint: null }], path)

/** Reads a file as text. @throws PlaybookError if it cannot be read */
export const readText = async (path: string): Promise<string> => {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(path, cause.code === 'ENOENT' ? 'there is no such file' : cause.message)
  })
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw unreadable(path, 'it is not UTF-8')
  }
}

const lineStarts = (text: string): number[] => {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

const checkText = (text: string, path: Path, findings: Findings): void => {
  if (text.includes('\0')) findings.add(path, 'it holds a NUL character, which no program can be given')
  else if (!text.isWellFormed()) findings.add(path, 'it holds half a surrogate pair, which no program can be given')
}

/** Finds what a schema does not see: duplicate or reserved names, and strings that cannot be passed to a program. */
const checkTree = (node: Node, path: Path, findings: Findings): void => {
  if (node.type === 'string') checkText(String(node.value), path, findings)
  if (node.type === 'array') node.children?.forEach((child, index) => checkTree(child, [...path, index], findings))
  if (node.type !== 'object') return
  const seen = new Set<string>()
  for (const { children: [key, value] = [] } of node.children ?? []) {
    const name = String(key?.value)
    const at = [...path, name]
    if (seen.has(name)) findings.add(at, 'this name is given twice', 'one of the two would be ignored', key?.offset)
    else if (reserved.has(name)) findings.add(at, `\`${name}\` is reserved`, 'choose another name', key?.offset)
    else checkText(name, at, findings)
    seen.add(name)
    if (value !== undefined) checkTree(value, at, findings)
  }
}
