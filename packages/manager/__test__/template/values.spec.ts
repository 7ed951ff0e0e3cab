import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { temporaryFolder } from '@escher/testing/engine'
import { playbook, printArguments, refusalOf, script, testManager } from '../helpers/playbook.js'

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

test('a path reaches only own data of the JSON, and an error names how far it led', async (t) => {
  const { manager } = testManager(t, {}, { logging: false })
  const json = { list: [1, [2, 3]], 'a name': { 'b-c': true, '': 'empty' }, $: 0, null: null, text: 'word' }
  const listed = { step_id: 'list', command: ['echo', JSON.stringify(json)] }
  const found = {
    '': JSON.stringify(json),
    '.list[0]': '1',
    '.list[-1]': '[2,3]',
    '.list[1][-2]': '2',
    '.list[ 1 ]': undefined,
    '["a name"].b-c': 'true',
    '["a name"]["b-c"]': 'true',
    '["a name"][""]': 'empty',
    '["a\\u0020name"].b-c': 'true',
    '.$': '0',
    '.text': 'word',
  }
  const paths = Object.entries(found).filter(([, value]) => value !== undefined)
  const command = [...printArguments, '--', ...paths.map(([path]) => `{steps.list.json${path}}`)]
  const result = await manager.run(playbook([listed, { command }]))
  t.deepEqual(
    JSON.parse(result.steps[1]?.result?.stdout ?? ''),
    paths.map(([, value]) => value),
  )
  for (const [path, missing] of [
    ['.list[2]', '.list[2]'],
    ['.list[-3].x', '.list[-3]'],
    ['.list[999999999]', '.list[999999999]'],
    ['.list.length', '.list.length'],
    ['.list["0"]', '.list["0"]'],
    ['["a name"][0]', '["a name"][0]'],
    ['["a name"].b-c.d.e', '["a name"].b-c.d'],
    ['["a name"]["x y"].z', '["a name"]["x y"]'],
    ['.text[0]', '.text[0]'],
    ['.text.length', '.text.length'],
    ['.null.x', '.null.x'],
    ['.none.x', '.none'],
  ]) {
    const { error } = await manager.run(playbook([listed, { command: ['echo', `{steps.list.json${path}}`] }]))
    t.is(error?.code, 'VALUE_MISSING', path)
    t.true(error?.message.endsWith(` has no value: the output of step \`list\` has no ${missing}`), error?.message)
  }
})

test('a cut output is no value', async (t) => {
  const { manager } = testManager(t, {}, { maxOutputSizeBytes: 1000 })
  const long = script('process.stdout.write("x".repeat(5000))')
  const result = await manager.run(playbook([{ command: long }, { command: 'echo {steps.1.stdout}' }]))
  t.regex(result.error?.message ?? '', /longer than memory keeps/)
})

test('values reach the environment, the working directory and the standard input', async (t) => {
  const { manager } = testManager(t)
  const code = `
    let s = ""
    const print = () => console.log(JSON.stringify([process.env.A, process.env.HOME ?? null, process.cwd(), s]))
    process.stdin.on("data", (d) => { s += d }).on("end", print)`
  const result = await manager.run(
    playbook([{ command: script(code), env: { A: '<{v}>', HOME: null }, working_dir: '{dir}', stdin: '{v}\n' }], {
      parameters: { v: 'a "b"', dir: '/' },
    }),
  )
  t.deepEqual(JSON.parse(result.steps[0]?.result?.stdout ?? ''), ['<a "b">', null, '/', 'a "b"\n'])
  const pipe = await manager.run(playbook([{ command: script(code), stdin: '{v}' }], { parameters: { v: 'pipe' } }))
  t.is(JSON.parse(pipe.steps[0]?.result?.stdout ?? '')[3], 'pipe')
})

test('only the aws command line is kept from its pager, whatever its file is called', async (t) => {
  const folder = temporaryFolder(t)
  const { manager } = testManager(t)
  const inherited = process.env['AWS_PAGER'] ?? 'unset'
  for (const [name, pager] of [
    ['aws', ''],
    ['aws.exe', ''],
    ['aws.EXE', ''],
    ['my-aws', inherited],
    ['a.exews', inherited],
    ['aws.exec', inherited],
  ] as const) {
    const program = join(folder, name)
    writeFileSync(program, '#!/bin/sh\nprintf "%s" "${AWS_PAGER-unset}"\n', { mode: 0o755 })
    const result = await manager.run(playbook([{ command: [program] }]))
    t.is(result.steps[0]?.result?.stdout, pager, name)
  }
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
