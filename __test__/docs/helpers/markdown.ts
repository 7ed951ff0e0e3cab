// Pages of Markdown as the tests need them: their code blocks, their headings, their links.

import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** A fenced code block. */
export interface Block {
  /** Of its first line of code, from 1. */
  readonly line: number
  readonly language: string
  /** What follows the language, such as `ignore` in `rust,ignore`. */
  readonly flags: readonly string[]
  readonly code: string
  /** The HTML comment right above it: `<!-- not run: it needs an account -->`. */
  readonly markers: Readonly<Partial<Record<Marker, string>>>
}

export interface Page {
  /** From the root of the repository. */
  readonly path: string
  readonly blocks: readonly Block[]
  /** As GitHub makes them of headings. */
  readonly anchors: ReadonlySet<string>
  /** Targets of links and images, with their lines. */
  readonly links: readonly { readonly line: number; readonly target: string }[]
}

/** `not run`: why not. `file`: the name under which the page's other blocks find it. `exit code`: what must come. */
const markerNames = ['not run', 'file', 'exit code'] as const
type Marker = (typeof markerNames)[number]

const pagesIn = (folder: string, recursive: boolean): string[] =>
  readdirSync(folder, { recursive, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))

const foldersIn = (folder: string): string[] => readdirSync(folder).map((name) => join(folder, name))

/** Every page that a reader may open, from the root of the repository. */
export const pagePaths = (): string[] =>
  [
    ...pagesIn('.', false),
    ...['docs', 'examples'].flatMap((folder) => pagesIn(folder, true)),
    ...['crates', 'packages'].flatMap(foldersIn).flatMap((folder) => pagesIn(folder, false)),
  ].toSorted()

const fence = /^( *)(`{3,})(\S*)\s*$/
const comment = /^<!-- (.*) -->$/

const markersOf = (path: string, lines: readonly string[], fenceIndex: number): Block['markers'] => {
  const above = lines.slice(0, fenceIndex).findLast((line) => line.trim() !== '')
  const text = above?.match(comment)?.[1]
  if (text === undefined) return {}
  return Object.fromEntries(
    text.split(/; (?=file: |exit code: )/).map((part) => {
      const [name = '', ...value] = part.split(': ')
      if (!(markerNames as readonly string[]).includes(name) || value.join('') === '') {
        throw new Error(`${path}:${fenceIndex}: a marker is one of ${markerNames.join(', ')}, with a value: ${part}`)
      }
      return [name, value.join(': ')]
    }),
  )
}

const withoutCode = (line: string): string => line.replaceAll(/`[^`]*`/g, '')

const anchorOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

export const readPage = (path: string): Page => {
  const lines = readFileSync(resolve(path), 'utf8').split('\n')
  const blocks: Block[] = []
  const anchors = new Set<string>()
  const links: { line: number; target: string }[] = []
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    const open = fence.exec(line)
    if (open) {
      const [, indent = '', ticks = '', info = ''] = open
      const end = lines.findIndex((other, at) => at > index && other === indent + ticks)
      if (end === -1) throw new Error(`${path}:${index + 1}: the code block has no end`)
      const [language = '', ...flags] = info.split(',')
      const code = lines.slice(index + 1, end).map((each) => each.slice(indent.length))
      blocks.push({
        line: index + 2,
        language,
        flags,
        code: `${code.join('\n')}\n`,
        markers: markersOf(path, lines, index),
      })
      index = end
      continue
    }
    const heading = /^#{1,6} (.*)$/.exec(line)?.[1]
    if (heading !== undefined) anchors.add(anchorOf(heading))
    for (const [, target = ''] of withoutCode(line).matchAll(/\]\(([^)\s]+)\)/g))
      links.push({ line: index + 1, target })
  }
  return { path, blocks, anchors, links }
}
