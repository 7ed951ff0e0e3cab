// Every code block of README and docs is run. TypeScript is checked and run, a playbook is parsed and planned, what is
// for the shell is run by it; Rust is a doc test. What cannot be run says why, in a comment above it: `<!-- not run: …
// -->`.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { ExecutionEngine } from '@escher/execution-engine'
import { ExecutionManager, parsePlaybook } from '@escher/execution-manager'

import { type Block, type Page, pagePaths, readPage } from './helpers/markdown.ts'
import { type Ending, Project } from './helpers/project.ts'

const pages = pagePaths().map(readPage)
const project = new Project()
let compiled: Ending

const folderOf = ({ path }: Page): string => path.replaceAll('/', '-').replace(/\.md$/, '')
const programOf = ({ line }: Block): string => `line-${line}`
const isRun = ({ markers }: Block): boolean => markers['not run'] === undefined

// The names of the prelude stand in the first line, so that lines in messages are those of the page.
const names = [...readFileSync('__test__/docs/helpers/prelude.mts', 'utf8').matchAll(/^export const (\w+)/gm)]
  .map(([, name]) => name)
  .concat('ExecutionEngine', 'ExecutionEngineError', 'ExecutionError', 'ExecutionManager', 'parsePlaybook')

const asProgram = ({ code, line }: Block): string => {
  if (/^import /m.test(code)) return '\n'.repeat(line - 1) + code
  return `import { ${names.join(', ')} } from './prelude.mjs'; {${'\n'.repeat(line - 1)}${code}}\n`
}

test.before(async () => {
  for (const page of pages) {
    const folder = folderOf(page)
    project.copy('__test__/docs/helpers/prelude.mts', `${folder}/prelude.mts`)
    for (const block of page.blocks) {
      if (block.language === 'ts' && isRun(block)) {
        project.write(`${folder}/${programOf(block)}.mts`, asProgram(block))
      }
      if (block.markers.file !== undefined) project.write(join(folder, block.markers.file), block.code)
    }
  }
  compiled = await project.compile()
})

test.after.always(() => project.remove())

const failed = (error: unknown): Ending => ({ exitCode: -1, output: String(error) })

const planned = async (block: Block): Promise<Ending> => {
  const value: unknown = JSON.parse(block.code)
  if (typeof value !== 'object' || value === null || !('playbook_id' in value)) return { exitCode: 0, output: '' }
  const playbook = parsePlaybook(block.code)
  await using engine = new ExecutionEngine({ logging: false })
  const required = [...playbook.parameters.values()].filter((parameter) => parameter.required)
  const parameters = Object.fromEntries(required.map(({ name }) => [name, 'given']))
  const run = await new ExecutionManager(engine).run(playbook, { dryRun: true, parameters })
  return { exitCode: run.status === 'completed' ? 0 : 1, output: JSON.stringify(run.error) }
}

/** The pages whose Rust is compiled, by the crate that includes them. */
const rustPages = (): string =>
  ['crates/execution-engine/src/lib.rs', 'crates/execution-log/src/lib.rs']
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')

const rust = (page: Page, block: Block): Ending => {
  const included = new RegExp(`include_str!\\("(\\.\\./)+${page.path.replace(/^crates\/[^/]*\//, '')}"\\)`)
  if (!included.test(rustPages())) return failed('no crate includes this page in its documents')
  if (block.flags.includes('ignore')) return failed('`ignore` needs a marker that says why')
  return { exitCode: 0, output: '' }
}

/** What is only shown: formats, output, pictures. */
const shown = async (): Promise<Ending> => ({ exitCode: 0, output: '' })

const runners: Readonly<Record<string, (page: Page, block: Block) => Promise<Ending>>> = {
  ts: (page, block) => project.node(folderOf(page), `${programOf(block)}.mjs`),
  json: (_page, block) => planned(block),
  sh: (page, block) => project.shell(folderOf(page), block.code),
  rust: async (page, block) => rust(page, block),
  text: shown,
  c: shown,
  mermaid: shown,
}

const unknown = async (_page: Page, { language }: Block): Promise<Ending> => failed(`no runner for ${language}`)

test.serial('TypeScript in the documents has no type errors', (t) => {
  t.is(compiled.exitCode, 0, compiled.output)
})

for (const page of pages) {
  const blocks = page.blocks.filter(isRun)
  if (blocks.length === 0) continue
  test.serial(`the code blocks of ${page.path} run as printed`, async (t) => {
    t.timeout(600_000)
    const failures: string[] = []
    for (const block of blocks) {
      const run = runners[block.language] ?? unknown
      const expected = Number(block.markers['exit code'] ?? 0)
      const { exitCode, output } = await run(page, block).catch(failed)
      if (exitCode === expected) continue
      failures.push(`${page.path}:${block.line} ended with ${exitCode}, not ${expected}\n\n${block.code}\n${output}`)
    }
    t.is(failures.length, 0, failures.join('\n\n'))
  })
}

test.serial('few blocks are not run, and each says why', (t) => {
  const all = pages.flatMap((page) => page.blocks.map((block) => ({ page, block })))
  const left = all.filter(({ block }) => !isRun(block))
  for (const { page, block } of left) t.log(`${page.path}:${block.line}: ${block.markers['not run']}`)
  t.log(`${all.length - left.length} of ${all.length} blocks are run`)
  t.true(left.length * 4 < all.length, `${left.length} of ${all.length} are not`)
})
