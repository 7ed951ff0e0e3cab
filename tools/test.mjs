// Every test of the project, from a fresh clone: `npm test`, or `npm test -- --only rust|types|js`.

import { parseArgs, stripVTControlCharacters } from 'node:util'

import { bold, dim, green, heading, main, Problem, red, seconds } from './lib/console.mjs'
import { checkTools, prepare } from './lib/prepare.mjs'
import { runShown, versionOf } from './lib/run.mjs'
import { setUpPython } from './setup-python.mjs'

const count = (text, pattern) => [...text.matchAll(pattern)].reduce((sum, [, number]) => sum + Number(number), 0)

// How each test runner summarises. One that counts nothing is judged by its exit code alone.
const summaries = {
  nextest: (text) => {
    const line = /Summary \[.*\] *[\d/]+ tests? run:(.*)/.exec(text)?.[1] ?? ''
    return {
      passed: count(line, /(\d+) passed/g),
      failed: count(line, /(\d+) (?:failed|timed out|exec failed)/g),
      skipped: count(line, /(\d+) skipped/g),
    }
  },
  cargo: (text) => {
    const lines = (text.match(/^test result: .*$/gm) ?? []).join('\n')
    return {
      passed: count(lines, /(\d+) passed/g),
      failed: count(lines, /(\d+) failed/g),
      skipped: count(lines, /(\d+) ignored/g),
    }
  },
  ava: (text) => ({
    // After a failure, its closing lines leave out what passed.
    passed: (text.match(/^ *✔ /gm) ?? []).length,
    failed: count(text, /^ *(\d+) (?:tests? (?:failed|timed out)|uncaught exceptions?|unhandled rejections?)/gm),
    skipped: count(text, /^ *(\d+) tests? skipped/gm),
  }),
  plain: (text) => ({
    passed: count(text, /^(\d+) passed, \d+ failed/gm),
    failed: count(text, /^\d+ passed, (\d+) failed/gm),
    skipped: 0,
  }),
  none: () => ({ passed: 0, failed: 0, skipped: 0 }),
}

const rustStages = () => {
  if (!versionOf('cargo', ['nextest', '--version'])) {
    // Doc tests are part of it.
    return [{ name: 'Rust', run: ['cargo', ['test', '--workspace', '--no-fail-fast']], sum: summaries.cargo }]
  }
  const profile = process.env.CI ? ['--profile', 'ci'] : []
  return [
    { name: 'Rust', run: ['cargo', ['nextest', 'run', '--workspace', ...profile]], sum: summaries.nextest },
    { name: 'Rust documentation', run: ['cargo', ['test', '--workspace', '--doc']], sum: summaries.cargo },
  ]
}

const typeStages = () => [{ name: 'Types', run: ['npm', ['run', '--silent', 'test:types']], sum: summaries.none }]

const jsStages = () => [
  { name: 'TypeScript', run: ['npm', ['run', '--silent', 'test:js']], sum: summaries.ava },
  { name: 'Package: ESM, CommonJS, Jest', run: ['npm', ['run', '--silent', 'test:package']], sum: summaries.plain },
]

const stagesOf = (only) => {
  const stages = { rust: rustStages, types: typeStages, js: jsStages }
  if (only === undefined) return Object.values(stages).flatMap((make) => make())
  if (!Object.hasOwn(stages, only)) throw new Problem(`--only is ${only}; it can be ${Object.keys(stages).join(', ')}.`)
  return stages[only]()
}

const runStage = async ({ name, run: [program, args], sum }) => {
  heading(name)
  const started = performance.now()
  const colour = process.stdout.isTTY && !process.env.NO_COLOR ? { CARGO_TERM_COLOR: 'always', FORCE_COLOR: '1' } : {}
  let text = ''
  const code = await runShown(program, args, {
    env: { ...process.env, ...colour },
    onText: (part) => {
      text += part
    },
  })
  const counts = sum(stripVTControlCharacters(text))
  // A runner that failed without naming a failed test (it did not compile, it crashed) counts as one failure.
  if (code !== 0 && counts.failed === 0) counts.failed = 1
  return { name, ok: code === 0 && counts.failed === 0, ms: performance.now() - started, ...counts }
}

const parse = () => {
  try {
    return parseArgs({ options: { only: { type: 'string' } } }).values
  } catch (error) {
    throw new Problem(`${error.message}\nUsage: npm test -- [--only rust|types|js]`)
  }
}

await main(async () => {
  const { only } = parse()
  const stages = stagesOf(only)
  heading('Setup')
  if (only === 'rust') checkTools({ node: false })
  else await prepare()
  if (only === undefined || only === 'js') {
    const ready = await setUpPython()
    // A person may do without these, but CI must not skip them silently.
    if (!ready && process.env.CI)
      throw new Problem('CI runs the end-to-end test too: install Python 3 with venv and pip.')
  }
  console.log(dim('  ready'))

  const results = []
  for (const stage of stages) results.push(await runStage(stage))

  heading('Summary')
  for (const { name, ok, ms, passed, failed, skipped } of results) {
    const counts = [passed && `${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`].filter(
      Boolean,
    )
    console.log(`  ${ok ? green('✓') : red('✗')} ${bold(name)} ${dim([seconds(ms), ...counts].join(' · '))}`)
  }
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0)
  const [passed, failed, skipped] = [total('passed'), total('failed'), total('skipped')]
  // The type checker counts nothing.
  if (passed + failed > 0) console.log(`\n${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`)
  return results.every(({ ok }) => ok) ? 0 : 1
})
