import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'
import * as fc from 'fast-check'

import { temporaryFolder } from '@escher/testing/engine'
import { playbook, printArguments, problemsOf, refusalOf, script, testManager } from '../helpers/playbook.js'

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
      const command = `'${process.execPath}' -e 'process.stdout.write(JSON.stringify(process.argv.slice(1)))' -- ${words.join(' ')}`
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

test('a command is split as a POSIX shell splits it, and nothing is expanded', async (t) => {
  const { manager } = testManager(t)
  const words = String.raw`a  "b c" 'd "e"' f\ g "h\"i\\j\k" l'm'"n" '' "" $HOME ~ * \$x a=b # "$(id)" '\' `
  const result = await manager.run(
    playbook([{ command: `'${process.execPath}' -e '${printArguments[2]}' -- ${words}` }]),
  )
  t.deepEqual(JSON.parse(result.steps[0]?.result?.stdout ?? ''), [
    'a',
    'b c',
    'd "e"',
    'f g',
    String.raw`h"i\j\k`,
    'lmn',
    '',
    '',
    '$HOME',
    '~',
    '*',
    '$x',
    'a=b',
    '#',
    '$(id)',
    '\\',
  ])
})

test('braces that are no placeholders pass: JSON, JMESPath, awk, Go templates, find', async (t) => {
  const { manager } = testManager(t)
  const texts = [
    'Reservations[].{Id:InstanceId}',
    'Reservations[].{Id:InstanceId,Tags:{A:B}}',
    '{"a":{"b":{"c":1}}}',
    '{print $1}',
    '{{.State.Status}}',
    '{{ name }}',
    '{}',
    '{1..3}',
    '}{',
    '{ {name} }',
  ]
  const result = await manager.run(
    playbook([{ command: [...printArguments, '--', ...texts] }], { parameters: { name: 'v' } }),
  )
  t.deepEqual(JSON.parse(result.steps[0]?.result?.stdout ?? ''), [...texts.slice(0, -1), '{ v }'])
})

test('braces directly around a name are doubled to stand for themselves', async (t) => {
  const { manager } = testManager(t)
  const texts = [
    '{{name}}',
    '{{{name}}}',
    '{{{{name}}}}',
    '{"a":{name}}',
    '{{steps.x.stdout}}',
    '{{unknown}}',
    '${name}',
    '{name',
  ]
  const result = await manager.run(
    playbook([{ command: [...printArguments, '--', ...texts] }], { parameters: { name: 'v' } }),
  )
  t.deepEqual(JSON.parse(result.steps[0]?.result?.stdout ?? ''), [
    '{name}',
    '{v}',
    '{{name}}',
    '{"a":v}',
    '{steps.x.stdout}',
    '{unknown}',
    '$v',
    '{name',
  ])
  const [awk] = problemsOf({ playbook_id: 'x', steps: [{ command: "awk '{print}'" }] })
  t.is(awk?.message, 'there is no parameter `print`')
  t.regex(awk?.hint ?? '', /for these very characters write \{\{print\}\}/)
})

test('what only a shell understands is refused, with a hint to ask for one', (t) => {
  for (const command of ['a | b', 'a && b', 'a; b ; c', 'a > file', 'a 2>&1', 'a\nb', "a 'b", 'a "b', 'a \\', '   ']) {
    const [problem] = problemsOf({ playbook_id: 'x', steps: [{ command }] })
    t.like(problem, { path: 'steps[0].command' }, command)
  }
  t.deepEqual(
    problemsOf({
      playbook_id: 'x',
      steps: [{ command: "echo '|' \\; a\\\n b" }, { command: 'a | b > c', shell: true }],
    }),
    [],
  )
})

test('a shell step knows its own variables and braces, and every parameter', async (t) => {
  const { manager } = testManager(t)
  const command =
    'x=1; { echo "${x}" {name} $ESCHER_PARAM_other; }; echo \'{{name}}\' # {name}\ncat <<END\n$ESCHER_PARAM_name\nEND'
  const result = await manager.run(playbook([{ command, shell: true }], { parameters: { name: 'a  b', other: 'o' } }))
  t.is(result.steps[0]?.result?.stdout, '1 a  b o\n{name}\na  b\n')
})

test('where a shell would take a value apart, a placeholder is refused', (t) => {
  for (const command of [
    'echo `echo {p}`',
    "echo $'{p}'",
    'echo $(( {p} + 1 ))',
    'echo ${x:-{p}}',
    'cat <<END\n{p}\nEND',
    'echo \\{p}',
  ]) {
    const [problem] = problemsOf({ playbook_id: 'x', parameters: { p: 1 }, steps: [{ command, shell: true }] })
    t.regex(problem?.message ?? 'accepted', /^\{p\} cannot stand /, command)
    const hint = command.includes('$((')
      ? /some shells run code/
      : /^write \$ESCHER_PARAM_p, which every shell step is given$/
    t.regex(problem?.hint ?? '', hint)
  }
})

test('values: given before the step’s own, before the playbook’s', async (t) => {
  const { manager } = testManager(t)
  const layered = playbook(
    [{ command: [...printArguments, '--', '{a}', '{b}', '{c}', '{n}', '{f}'], parameters: { b: 'step', c: 'step' } }],
    { parameters: { a: 'playbook', b: 'playbook', c: 'playbook', n: 5, f: false } },
  )
  const result = await manager.run(layered, { parameters: { c: 'given', n: 7 } })
  t.deepEqual(JSON.parse(result.steps[0]?.result?.stdout ?? ''), ['playbook', 'step', 'given', '7', 'false'])
})

test('a run is refused, whole, for values that are missing, unknown or not allowed', (t) => {
  const { manager } = testManager(t)
  const strict = playbook([{ command: 'echo {a} {b}' }], {
    parameters: {
      a: null,
      b: { required: true },
      n: { type: 'number', default: 1 },
      e: { enum: ['x', 'y'], default: 'x' },
    },
  })
  t.deepEqual(
    refusalOf(() => manager.run(strict, { parameters: { n: 'many', e: 'z', aa: '1', b: 'nul\0' } })).map(
      ({ path, message }) => [path, message],
    ),
    [
      ['parameters.n', '`many` is no number'],
      ['parameters.e', '`z` is not allowed for `e`'],
      ['parameters.aa', 'the playbook has no parameter `aa`'],
      ['parameters.b', 'the value of `b` holds a NUL character'],
      ['parameters.a', 'the parameter `a` has no value'],
    ],
  )
  t.is(
    refusalOf(() => manager.run(strict, { parameters: JSON.parse('{"__proto__": "x", "a": "1", "b": "2"}') }))[0]?.path,
    'parameters.__proto__',
  )
})

test('a value that an earlier step does not have fails the step, which is not run', async (t) => {
  const { manager } = testManager(t)
  const cases = [
    ['{steps.1.json.a.c}', /the output of step `1` has no \.a\.c/],
    ['{steps.1.json.constructor}', /has no \.constructor/],
    ['{steps.1.json.list.length}', /has no \.list\.length/],
    ['{steps.1.json.nothing}', /it is null/],
    ['{steps.1.json.big}', /not exact/],
    ['{steps.2.json}', /is not JSON/],
    ['{steps.3.stdout}', /was skipped/],
  ] as const
  for (const [placeholder, message] of cases) {
    const result = await manager.run(
      playbook([
        { command: ['echo', '{"a":{"b":1},"list":[],"nothing":null,"big":12345678901234567890}'] },
        { command: 'echo text' },
        { command: 'echo', when: 'false' },
        { command: ['echo', placeholder] },
      ]),
    )
    t.is(result.error?.code, 'VALUE_MISSING')
    t.regex(result.error?.message ?? '', message)
    t.deepEqual(result.steps[3]?.attempts, [])
  }
})

test('a cut output is no value', async (t) => {
  const { manager } = testManager(t, {}, { maxOutputSizeBytes: 1000 })
  const long = script('process.stdout.write("x".repeat(5000))')
  const result = await manager.run(playbook([{ command: long }, { command: 'echo {steps.1.stdout}' }]))
  t.regex(result.error?.message ?? '', /longer than memory keeps/)
})

test('values reach the environment, the folder and the standard input', async (t) => {
  const { manager } = testManager(t)
  const code =
    'let s = ""; process.stdin.on("data", (d) => { s += d }).on("end", () => console.log(JSON.stringify([process.env.A, process.env.HOME ?? null, process.cwd(), s])))'
  const result = await manager.run(
    playbook([{ command: script(code), env: { A: '<{v}>', HOME: null }, working_dir: '{dir}', stdin: '{v}\n' }], {
      parameters: { v: 'a "b"', dir: '/' },
    }),
  )
  t.deepEqual(JSON.parse(result.steps[0]?.result?.stdout ?? ''), ['<a "b">', null, '/', 'a "b"\n'])
  const pipe = await manager.run(playbook([{ command: script(code), stdin: '{v}' }], { parameters: { v: 'pipe' } }))
  t.is(JSON.parse(pipe.steps[0]?.result?.stdout ?? '')[3], 'pipe')
})

test('the aws command line keeps its arguments, and gets no pager', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'aws'), '#!/bin/sh\nprintf "%s|" "${AWS_PAGER-unset}" "$@"\n', { mode: 0o755 })
  const { manager } = testManager(t, { env: { PATH: `${folder}:${process.env['PATH']}` } })
  const command = "aws ec2 describe-instances --query 'a.{b:c}'"
  const result = await manager.run(playbook([{ command }, { command, env: { AWS_PAGER: 'less' } }]))
  t.deepEqual(
    result.steps.map((step) => step.result?.stdout),
    ['|ec2|describe-instances|--query|a.{b:c}|', 'less|ec2|describe-instances|--query|a.{b:c}|'],
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
