// Reads one Rust source file: its modules, its `use` lines, the paths in its code, and the names it defines. Not a
// parser: it knows enough grammar not to mistake comments, strings and test code for code.

const space = (text) => text.replaceAll(/[^\n]/g, ' ')

const skipped = [
  /\/\/[^\n]*/y,
  /\b[bc]?r(#*)"[^]*?"\1/y,
  /\b[bc]?"(?:\\[^]|[^"\\])*"|"(?:\\[^]|[^"\\])*"/y,
  // A character, not a lifetime.
  /'(?:\\(?:u\{[^}]*\}|x..|.)|[^'\\\n])'/y,
]

const endOfBlockComment = (source, from) => {
  const marks = /\/\*|\*\//g
  marks.lastIndex = from
  let depth = 0
  for (let mark = marks.exec(source); mark; mark = marks.exec(source)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return source.length
}

/** The source with comments and string contents blanked. Every other character keeps its position. */
export const blanked = (source) => {
  const parts = []
  let kept = 0
  for (let at = 0; at < source.length;) {
    let end = source.startsWith('/*', at) ? endOfBlockComment(source, at) : at
    for (const pattern of skipped) {
      if (end > at) break
      pattern.lastIndex = at
      if (pattern.test(source)) end = pattern.lastIndex
    }
    if (end > at) {
      parts.push(source.slice(kept, at), space(source.slice(at, end)))
      kept = end
      at = end
    } else at += 1
  }
  return parts.join('') + source.slice(kept)
}

/** Where the item that begins here ends: at its `;`, or after its block. */
const endOfItem = (code, from) => {
  let depth = 0
  for (let at = from; at < code.length; at += 1) {
    if ('{(['.includes(code[at])) depth += 1
    if ('})]'.includes(code[at])) depth -= 1
    if (depth === 0 && (code[at] === ';' || code[at] === '}')) return at + 1
  }
  return code.length
}

const withoutTests = (code) => {
  let rest = code
  for (const { index } of code.matchAll(/#\[cfg\((?:test|doctest|all\(test\b[^\]]*)\)\]/g)) {
    const end = endOfItem(code, code.indexOf(']', index) + 1)
    rest = rest.slice(0, index) + space(rest.slice(index, end)) + rest.slice(end)
  }
  return rest
}

const segments = (path) =>
  path
    .split('::')
    .map((segment) => segment.trim())
    .filter(Boolean)

/** Expands `a::{b, c as d, e::*}` into paths, each with its local name. */
const expand = (tree, before = []) => {
  const text = tree.trim()
  const open = text.indexOf('{')
  if (open < 0) {
    const [path, alias] = text.split(/\s+as\s+/)
    const whole = [...before, ...segments(path)]
    const named = whole.at(-1) === 'self' ? whole.slice(0, -1) : whole
    return [{ path: named, name: alias?.trim() ?? named.at(-1) }]
  }
  const prefix = [...before, ...segments(text.slice(0, open))]
  const inner = text.slice(open + 1, text.lastIndexOf('}'))
  const parts = []
  let [depth, start] = [0, 0]
  for (let at = 0; at <= inner.length; at += 1) {
    if (inner[at] === '{') depth += 1
    if (inner[at] === '}') depth -= 1
    if (at === inner.length || (inner[at] === ',' && depth === 0)) {
      if (inner.slice(start, at).trim()) parts.push(inner.slice(start, at))
      start = at + 1
    }
  }
  return parts.flatMap((part) => expand(part, prefix))
}

export const readRust = (source) => {
  const code = withoutTests(blanked(source))
  const modules = []
  for (const { 1: attributes, 2: name, index, 0: whole } of code.matchAll(
    /((?:#\[[^\n]*\]\s*)*)(?:pub(?:\([^)]*\))?\s+)?\bmod\s+(\w+)\s*;/g,
  )) {
    // The file's name is a string, so it is read from the original.
    const written = source.slice(index, index + whole.length)
    const files = attributes ? [...written.matchAll(/\bpath\s*=\s*"([^"]+)"/g)].map(([, file]) => file) : []
    modules.push({ name, files })
  }
  const uses = []
  const body = code.replaceAll(/(\bpub(?:\([^)]*\))?\s+)?\buse\s+([^;]+);/g, (whole, visibility, tree) => {
    uses.push(...expand(tree).map((use) => ({ ...use, isPublic: Boolean(visibility) })))
    return space(whole)
  })
  const paths = [...body.matchAll(/(?<![\w:])\w+(?:\s*::\s*\w+)+/g)].map(([path]) => path.split(/\s*::\s*/))
  const defined = /\b(?:struct|enum|union|trait|fn|type|const|static|macro_rules!)\s+(?:mut\s+)?(\w+)/g
  return { modules, uses, paths, defines: new Set([...body.matchAll(defined)].map(([, name]) => name)) }
}
