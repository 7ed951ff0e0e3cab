// Links between pages, to files and to headings lead somewhere, and so do the commands and tests that pages name.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

import test from 'ava'

import { pagePaths, readPage } from './helpers/markdown.ts'

const pages = new Map(pagePaths().map((path) => [path, readPage(path)]))

for (const { path, links } of pages.values()) {
  const own = links.filter(({ target }) => !/^[a-z]+:/.test(target))
  if (own.length === 0) continue
  test(`the links of ${path} lead somewhere`, (t) => {
    for (const { line, target } of own) {
      const [file = '', anchor] = target.split('#')
      const linked = file === '' ? path : normalize(join(dirname(path), file))
      t.true(existsSync(linked), `${path}:${line}: there is no ${linked}`)
      if (anchor === undefined) continue
      t.true(pages.get(linked)?.anchors.has(anchor), `${path}:${line}: ${linked} has no heading for #${anchor}`)
    }
  })
}

test('the commands that the pages name are there', (t) => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  for (const path of pages.keys()) {
    const text = readFileSync(path, 'utf8')
    for (const [, name = ''] of text.matchAll(/npm run (?:--silent )?([\w:-]+)/g)) {
      t.true(Object.hasOwn(scripts, name), `${path}: there is no script ${name}`)
    }
    for (const [, file = ''] of text.matchAll(/(?:node|bash) (tools\/[\w./-]+)/g)) {
      t.true(existsSync(file), `${path}: there is no ${file}`)
    }
  }
})

const rustTests = 'crates/integration-tests/tests/it'

test('the tests that prove a guarantee are there', (t) => {
  const text = readFileSync('docs/internal/reliability.md', 'utf8')
  for (const [, module = '', name] of text.matchAll(/`it::(\w+)(?:::(\w+)(…?))?`/g)) {
    const file = join(rustTests, `${module}.rs`)
    t.true(existsSync(file), `there is no ${file}`)
    if (name === undefined || !existsSync(file)) continue
    t.true(readFileSync(file, 'utf8').includes(`fn ${name}`), `${file} has no ${name}`)
  }
  for (const [, name = ''] of text.matchAll(/`(__test__\/\w+\/[\w-]+)`/g)) {
    t.true(existsSync(`${name}.spec.ts`) || existsSync(`${name}.heavy.ts`), `there is no ${name}`)
  }
})

/** Where the pages about the code start to count. */
const roots = ['.', 'crates/execution-engine/src']

test('the files that the pages about the code name are there', (t) => {
  for (const path of [
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'docs/internal/performance.md',
    'docs/internal/reliability.md',
  ]) {
    for (const [, file = ''] of readFileSync(path, 'utf8').matchAll(
      /`([\w.-]+\/[\w./-]*(?:\.(?:rs|ts|mjs|json)|\/))`/g,
    )) {
      t.true(
        roots.some((root) => existsSync(join(root, file))),
        `${path}: there is no ${file}`,
      )
    }
  }
})
