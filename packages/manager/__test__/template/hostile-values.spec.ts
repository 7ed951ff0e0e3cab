import { existsSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'
import * as fc from 'fast-check'

import { temporaryFolder } from '@escher/testing/engine'
import { playbook, printArguments, problemsOf, script, testManager } from '../helpers/playbook.js'

/** Whatever a person or an attacker may write. */
const hostile = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }).map((text) => text.toWellFormed().replaceAll('\0', '')),
  fc
    .array(
      fc.constantFrom(
        ' ',
        "'",
        '"',
        '`',
        '$',
        '$(id)',
        '${HOME}',
        ';',
        '&&',
        '|',
        '\n',
        '\r',
        '\t',
        '\\',
        '*',
        '?',
        '~',
        '#',
        '!',
        '{',
        '}',
        '{{',
        '{name}',
        '{steps.1.stdout}',
        '--',
        '-e',
        '=',
        '<',
        '>',
        '(',
        ')',
        '[',
        ']',
        '%PATH%',
        'ä',
        '€',
        '𝄞',
        'a',
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
)

const shape = { minLength: 1, maxLength: 8 }

test('hostile values arrive verbatim, each as one argument', async (t) => {
  const { manager } = testManager(t)
  await fc.assert(
    fc.asyncProperty(fc.array(hostile, shape), async (values) => {
      const parameters = Object.fromEntries(values.map((value, at) => [`p${at}`, value]))
      const names = Object.keys(parameters)
      const command = [
        `'${process.execPath}' -e 'process.stdout.write(JSON.stringify(process.argv.slice(1)))' --`,
        ...names.map((name) => `{${name}} '{${name}}' "a{${name}}b"`),
      ].join(' ')
      const result = await manager.run(playbook([{ command }], { parameters }))
      t.is(result.status, 'completed', result.error?.message)
      const expected = values.flatMap((value) => [value, value, `a${value}b`])
      t.deepEqual(JSON.parse(result.steps[0]?.result?.stdout ?? ''), expected)
    }),
    { numRuns: 25 },
  )
})

test('hostile values given to a run arrive verbatim too', async (t) => {
  const { manager } = testManager(t)
  const names = Array.from({ length: 8 }, (_, at) => `p${at}`)
  const reading = playbook([{ command: [...printArguments, '--', ...names.map((name) => `{${name}}`)] }], {
    parameters: Object.fromEntries(names.map((name) => [name, null])),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(hostile, { minLength: 8, maxLength: 8 }), async (values) => {
      const parameters = Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']))
      const result = await manager.run(reading, { parameters })
      t.deepEqual(JSON.parse(result.steps[0]?.result?.stdout ?? ''), values)
    }),
    { numRuns: 25 },
  )
})

test('a shell gets hostile values verbatim, in and between its quotes', async (t) => {
  const { manager } = testManager(t)
  await fc.assert(
    fc.asyncProperty(fc.array(hostile, shape), async (values) => {
      const parameters = Object.fromEntries(values.map((value, at) => [`p${at}`, value]))
      const words = values.map(
        (_, at) => `{p${at}} '{p${at}}' "{p${at}}" 'x'{p${at}}"y" "$(printf %s {p${at}}; echo .)"`,
      )
      const print = `'${process.execPath}' -e 'process.stdout.write(JSON.stringify(process.argv.slice(1)))' --`
      const command = `${print} ${words.join(' ')}`
      const result = await manager.run(playbook([{ command, shell: true }], { parameters }))
      t.is(result.status, 'completed', result.error?.message)
      const expected = values.flatMap((value) => [value, value, value, `x${value}y`, `${value}.`])
      t.deepEqual(JSON.parse(result.steps[0]?.result?.stdout ?? ''), expected)
    }),
    { numRuns: 25 },
  )
})

test('an earlier output arrives verbatim: hostile text as stdout, and as a part of JSON', async (t) => {
  const { manager } = testManager(t)
  await fc.assert(
    fc.asyncProperty(hostile, async (value) => {
      // A line end at the end is taken away, as a shell's $( ) does; the mask of a secret is refused.
      fc.pre(!/[\r\n]$/.test(value) && !value.includes('***'))
      const result = await manager.run(
        playbook(
          [
            { command: script('process.stdout.write(process.argv[1] ?? "")', '--', '{value}') },
            {
              command: script(
                'process.stdout.write(JSON.stringify({ a: [0, { "b c": process.argv[1] }] }))',
                '--',
                '{value}',
              ),
            },
            {
              command: [
                ...printArguments,
                '--',
                '{steps.1.stdout}',
                '{steps.2.json.a[1]["b c"]}',
                '{steps.2.json.a[-1]}',
              ],
            },
          ],
          { parameters: { value } },
        ),
      )
      t.is(result.status, 'completed', result.error?.message)
      t.deepEqual(JSON.parse(result.steps[2]?.result?.stdout ?? ''), [value, value, JSON.stringify({ 'b c': value })])
    }),
    { numRuns: 10 },
  )
})

test('whatever a script looks like, a value is never code', async (t) => {
  const { manager } = testManager(t, {}, { logging: false })
  const fragments = [
    "'",
    '"',
    '\\',
    '`',
    '$(',
    '$((',
    '))',
    ')',
    '(',
    '${x:-',
    '}',
    '#',
    '\n',
    '<<E\n',
    '\nE\n',
    ' ',
    'echo ',
    ';',
    "$'",
    '{p}',
    '{p}',
    '{p}',
  ]
  const folder = temporaryFolder(t)
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...fragments), { minLength: 1, maxLength: 12 }), async (parts) => {
      const command = `echo {p} ${parts.join('')}`
      const file = join(folder, 'made-by-a-value')
      const p = `$(touch ${file})\`touch ${file}\`'; touch ${file}; '"; touch ${file}; "\n touch ${file} #`
      if (problemsOf({ playbook_id: 'x', parameters: { p: 1 }, steps: [{ command, shell: true }] }).length > 0) return
      accepted += 1
      const fuzzed = playbook([{ command, shell: true, timeout_sec: 20, working_dir: folder }], { parameters: { p } })
      await manager.run(fuzzed)
      t.false(existsSync(file), command)
    }),
    { numRuns: 150 },
  )
  t.true(accepted > 20, `${accepted}`)
})
