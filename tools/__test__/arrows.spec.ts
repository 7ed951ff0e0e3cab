// Checks the check of the arrows: what it must find, and what must not fool it.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import test, { type ExecutionContext } from 'ava'

import { temporaryFolder } from '@escher/testing/engine'
import { cycles, mermaid, unplaced, upward } from '../arrows/graph.mjs'
import { rustArrows } from '../arrows/rust.mjs'
import { blanked } from '../arrows/rust-source.mjs'
import { typeScriptArrows } from '../arrows/typescript.mjs'

const written = (t: ExecutionContext, files: Record<string, string>): string => {
  const folder = temporaryFolder(t)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

const rust = (t: ExecutionContext, files: Record<string, string>): string[] => {
  const folder = written(t, files)
  const arrows = rustArrows(join(folder, 'lib.rs'), folder, new Map([['other', 'crates/other']]))
  return [...new Set(arrows.map(({ from, to }) => `${from} > ${to}`))].toSorted()
}

const typeScript = (t: ExecutionContext, files: Record<string, string>): string[] => {
  const folder = written(t, files)
  const arrows = typeScriptArrows('.', folder, new Map([['@x/other', 'other']]))
  return arrows.map(({ from, to }) => `${from} > ${to}`).toSorted()
}

test('Rust: a name that a front page passes on leads to the file that defines it', (t) => {
  const arrows = rust(t, {
    'lib.rs': 'mod a;\nmod folder;\npub use folder::Thing;',
    'a.rs': 'use crate::folder::{Thing, deep as d};\nuse crate::Thing as Same;\nfn f() { other::x::<u8>(); }',
    'folder/mod.rs': 'mod deep;\nmod thing;\npub(crate) use thing::*;\npub use deep::deep;',
    'folder/thing.rs': 'pub struct Thing;\nimpl Thing { fn f() { super::deep(); } }',
    'folder/deep.rs': 'pub fn deep() {}',
  })
  t.deepEqual(arrows, [
    'a.rs > crates/other',
    'a.rs > folder/deep.rs',
    'a.rs > folder/thing.rs',
    'folder/thing.rs > folder/deep.rs',
  ])
})

test('Rust: an alias, and a module of several files, lead to each of them', (t) => {
  const arrows = rust(t, {
    'lib.rs': 'mod a;\nmod folder;',
    'a.rs': 'use crate::folder::start;\nuse crate::folder::table::all;',
    'folder/mod.rs': `mod unix;\nmod windows;\n#[cfg(unix)]\nuse unix as os;\n#[cfg(windows)]\nuse windows as os;
pub use os::start;\n#[cfg(unix)]\n#[path = "table_unix.rs"]\npub mod table;\n#[cfg(windows)]\n#[path = "table_none.rs"]\npub mod table;`,
    'folder/unix.rs': 'pub fn start() {}',
    'folder/windows.rs': 'pub fn start() {}',
    'folder/table_unix.rs': 'pub fn all() {}',
    'folder/table_none.rs': 'pub fn all() {}',
  })
  t.deepEqual(arrows, [
    'a.rs > folder/table_none.rs',
    'a.rs > folder/table_unix.rs',
    'a.rs > folder/unix.rs',
    'a.rs > folder/windows.rs',
  ])
})

test('Rust: comments, strings, characters and tests draw no arrow', (t) => {
  const arrows = rust(t, {
    'lib.rs': 'mod a;\nmod b;',
    'a.rs': `//! [\`crate::b\`]
/* use crate::b::B; /* crate::b::B */ use crate::b::B; */
const S: &str = "use crate::b::B;\\" crate::b::B";
const R: &str = r#"" crate::b::B "#;
fn f<'a>(c: char) -> bool { c == '"' && c != '\\'' } // crate::b::B
#[cfg(test)]
mod tests {
    use crate::b::B;
}`,
    'b.rs': 'pub struct B;',
  })
  t.deepEqual(arrows, [])
})

test('Rust: the rest of a source keeps its position', (t) => {
  const source = 'a /* x\n */ "b\\"" \'c\' r##"d"#"## // e\nf'
  t.is(blanked(source).length, source.length)
  t.deepEqual(blanked(source).split(/\s+/), ['a', 'f'])
})

test('TypeScript: types, re-exports and late imports draw arrows; comments and strings do not', (t) => {
  const arrows = typeScript(t, {
    'a.ts': `import type { B } from './b.js'\nexport * from './c.js'\ntype D = import('./d.js').D\nawait import('./e.mjs')
// import './f.js'\nconst text = "import './f.js'" + \`import './f.js'\`\nimport { x } from '@x/other/deep'\nimport
// 'node:fs'`,
    'b.ts': '',
    'c.ts': '',
    'd.ts': '',
    'e.mts': '',
    'f.ts': '',
  })
  t.deepEqual(arrows, ['a.ts > b.ts', 'a.ts > c.ts', 'a.ts > d.ts', 'a.ts > e.mts', 'a.ts > other'])
})

const moduleOf = (path: string) => path.split('/')[0]
const arrow = (from: string, to: string) => ({ from, to })

test('a cycle is found between files, and between folders whose files make none', (t) => {
  t.deepEqual(cycles([arrow('a.rs', 'b.rs'), arrow('b.rs', 'c.rs')]), [])
  t.is(cycles([arrow('x/a.rs', 'x/b.rs'), arrow('x/b.rs', 'x/c.rs'), arrow('x/c.rs', 'x/a.rs')])[0]?.folder, 'x')
  t.is(cycles([arrow('x/a.rs', 'y/b.rs'), arrow('y/c.rs', 'x/d.rs')]).length, 1)
})

test('an arrow that points up is found, and a module that the order leaves out', (t) => {
  const arrows = [arrow('top/a', 'low/b'), arrow('low/b', 'top/c'), arrow('low/b', 'new/d')]
  t.deepEqual(upward(arrows, [['top'], ['low']], moduleOf), [arrow('low/b', 'top/c')])
  t.deepEqual(unplaced(arrows, [['top'], ['low']], moduleOf), ['new'])
})

test('the picture leaves out arrows that follow from others', (t) => {
  const arrows = [arrow('a', 'b'), arrow('b', 'c'), arrow('a', 'c')]
  t.is(
    mermaid(arrows, (path: string) => path),
    'flowchart TD\n  a --> b\n  b --> c',
  )
})
