import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import test from 'ava'
import * as fc from 'fast-check'

import { loadPlaybook, parsePlaybook, PlaybookError } from '@escher/execution-manager'
import { temporaryFolder } from '@escher/testing/engine'
import { playbook, problemsOf } from '../helpers/playbook.js'

test('the playbooks of the document are read as they are', (t) => {
  const aws = parsePlaybook(`{ "playbook_id": "5f1c…", "steps": [ { "step_id": "1",
     "command": "aws ec2 describe-instances --profile {profile} --region {region}",
     "parameters": { "profile": "production", "region": "us-east-1" },
     "expected_duration_sec": 5, "retry_policy": "exponential_backoff" } ] }`)
  t.is(aws.id, '5f1c…')
  t.is(aws.steps[0]?.id, '1')
  t.is(aws.steps[0]?.expectedDurationMs, 5000)
  t.is(aws.steps[0]?.retry.strategy, 'exponential_backoff')
  const web = parsePlaybook(`{ "playbook_id": "deploy-web-app", "steps": [
    { "step": 1, "name": "Build Docker image", "command": "docker build -t web ." },
    { "step": 2, "name": "Push to ECR", "command": "docker push …" } ] }`)
  t.deepEqual(
    web.steps.map(({ id, name, after }) => [id, name, after]),
    [
      ['1', 'Build Docker image', []],
      ['2', 'Push to ECR', ['1']],
    ],
  )
})

test('steps without an id are numbered, and called by their command', (t) => {
  const { steps } = playbook([
    { command: 'echo a' },
    { step_id: 'b', command: ['echo', 'two words'] },
    { command: 'c' },
  ])
  t.deepEqual(
    steps.map(({ id, name }) => [id, name]),
    [
      ['1', 'echo a'],
      ['b', "echo 'two words'"],
      ['3', 'c'],
    ],
  )
})

test('all problems are reported at once, with path, line, column and a hint', (t) => {
  const problems = problemsOf(`{
  "playbook_id": "a/b",
  "steps": [
    { "comand": "x", "retry_policy": "exponential" },
    { "command": 5, "risk_level": "destroy", "timeout_sec": -1 },
    { "command": "a", "retry_policy": { "attemps": 3 } }
  ]
}`)
  t.deepEqual(
    problems.map(({ path, line, column }) => [path, line, column]),
    [
      ['playbook_id', 2, 18],
      ['steps[0].command', 4, 5],
      ['steps[0].comand', 4, 7],
      ['steps[0].retry_policy', 4, 38],
      ['steps[1].command', 5, 18],
      ['steps[1].risk_level', 5, 35],
      ['steps[1].timeout_sec', 5, 61],
      ['steps[2].retry_policy.attemps', 6, 41],
    ],
  )
  t.is(problems[2]?.hint, 'did you mean `command`?')
  t.is(problems[7]?.hint, 'did you mean `attempts`?')
  t.true(problems.every(({ message }) => message !== ''))
})

test('a misspelt field is compared with the fields that its own object has', (t) => {
  const hints = problemsOf({
    playbook_id: 'x',
    max_paralel: 2,
    parameters: { retry_policy: { defualt: 'x' } },
    steps: [{ command: 'a', depend_on: [], parameters: { a: { secert: true } } }],
  }).map(({ path, hint }) => [path, hint])
  t.deepEqual(hints, [
    ['max_paralel', 'did you mean `max_parallel`?'],
    ['parameters.retry_policy.defualt', 'did you mean `default`?'],
    ['steps[0].depend_on', 'did you mean `depends_on`?'],
    ['steps[0].parameters.a.secert', 'did you mean `secret`?'],
  ])
})

test('references are looked at as well: names, ids, fields, order', (t) => {
  const problems = problemsOf({
    playbook_id: 'x',
    parameters: { region: 'a' },
    steps: [
      { step_id: 'one', command: 'echo {regoin} {steps.two.stdout}' },
      { step_id: 'two', command: 'echo {steps.on.stdout} {steps.one.stdot} {steps.one.json..a}', when: 'region = 3' },
      { step_id: 'two', command: 'echo "', env: { A: '{nothing_like_it}' } },
    ],
  })
  t.deepEqual(
    problems.map(({ path, message, hint }) => [path, message, hint?.split(' (')[0]]),
    [
      ['steps[0].command', 'there is no parameter `regoin`', 'did you mean `region`?'],
      ['steps[1].command', 'there is no step `on`', 'did you mean `one`?'],
      ['steps[1].command', 'a step has no `stdot`', 'did you mean `stdout`?'],
      [
        'steps[1].command',
        '`..a` is not a path',
        'write it as .name[0].other, or ["a name"] for one with other characters',
      ],
      ['steps[1].when', '`= 3` cannot be understood at character 8', 'write == to compare'],
      ['steps[2].step_id', 'step 2 has the id `two` too', 'give each step its own'],
      ['steps[2].command', 'a " is never closed', String.raw`close it, or write \" for the character itself`],
      ['steps[2].env.A', 'there is no parameter `nothing_like_it`', 'known are `region`'],
    ],
  )
  const [later] = problemsOf({ playbook_id: 'x', steps: [{ command: 'echo {steps.2.stdout}' }, { command: 'echo' }] })
  t.regex(later?.message ?? '', /step `2` need not have ended by then/)
})

test('a text that is no JSON is refused at the place', (t) => {
  for (const [text, line, column, message] of [
    ['', 1, 1, 'the playbook is empty'],
    ['{ "playbook_id": "x",\n  "steps": [,] }', 2, 13, 'a value is expected here'],
    ['{ "playbook_id": "x" // why\n}', 1, 22, 'JSON has no comments'],
    ['{ "playbook_id": "x', 1, 18, 'this string has no closing quote'],
  ] as const) {
    const [problem] = problemsOf(text)
    t.is(problem?.line, line, text)
    t.is(problem?.column, column, text)
    t.is(problem?.message, message, text)
  }
  t.deepEqual(problemsOf('\uFEFF{ "playbook_id": "x", "steps": [{ "command": "a" }] }'), [])
  for (const text of [
    '[]',
    '{ "playbook_id": "x", "steps": [[]] }',
    '{ "playbook_id": "x", "steps": [{ "command": "a", "parameters": { "a": [] } }] }',
    '{ "playbook_id": "x", "parameters": [], "steps": [{ "command": "a" }] }',
    '{ "playbook_id": "x", "steps": [{ "command": "a", "retry_policy": [] }] }',
  ]) {
    t.is(problemsOf(text)[0]?.message, 'it is an array', text)
  }
})

test('names given twice and names that mean something to objects are refused', (t) => {
  const [twice] = problemsOf('{ "playbook_id": "x", "steps": [{ "command": "a", "command": "rm" }] }')
  t.like(twice, { path: 'steps[0].command', column: 51, message: 'this name is given twice' })
  for (const name of ['__proto__', 'constructor', 'prototype']) {
    const [reserved] = problemsOf(
      `{ "playbook_id": "x", "parameters": { "${name}": { "secret": true } }, "steps": [{ "command": "a" }] }`,
    )
    t.is(reserved?.message, `\`${name}\` is reserved`)
  }
  t.is(({} as Record<string, unknown>)['secret'], undefined)
})

test('ids of steps cannot lead anywhere; strange ones that are only names work', (t) => {
  for (const id of ['../../etc/passwd', '/etc', 'a/b', '..', 'a.b', '', 'a\nb', 'x'.repeat(65)]) {
    t.like(
      problemsOf({ playbook_id: 'x', steps: [{ step_id: id, command: 'a' }] })[0],
      { path: 'steps[0].step_id' },
      id,
    )
  }
  for (const id of ['..', '.', 'a\\b', 'a\u0000', ''])
    t.is(problemsOf({ playbook_id: id, steps: [{ command: 'a' }] })[0]?.path, 'playbook_id')
  const { steps } = playbook([
    { step_id: '__proto__', command: 'echo' },
    { step_id: 'constructor', command: 'echo {steps.__proto__.stdout}' },
  ])
  t.deepEqual(
    steps.map(({ id }) => id),
    ['__proto__', 'constructor'],
  )
})

test('deep nesting is refused, not run out of stack with', (t) => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const text = `{ "playbook_id": "x", "metadata": ${open.repeat(200_000)}1${close.repeat(200_000)} }`
    t.is(problemsOf(text)[0]?.message, 'this is nested more than 64 levels deep')
    t.is(problemsOf(`${open.repeat(1_000_000)}`)[0]?.message, 'this is nested more than 64 levels deep')
  }
  const [condition] = problemsOf({ playbook_id: 'x', steps: [{ command: 'a', when: '('.repeat(5000) }] })
  t.is(condition?.message, 'the condition is nested too deeply')
  t.is(
    problemsOf({ playbook_id: 'x', steps: [{ command: 'a', when: '!'.repeat(5000) }] })[0]?.message,
    'the condition is nested too deeply',
  )
})

test('10 MB are read when they are right, and refused with a bounded list when they are wrong', (t) => {
  const big = { playbook_id: 'x', metadata: { note: 'n'.repeat(10_000_000) }, steps: [{ command: 'a' }] }
  t.deepEqual(problemsOf(big), [])
  const wrong = problemsOf({
    playbook_id: 'x',
    steps: [{ command: 'a', ...Object.fromEntries(Array.from({ length: 500_000 }, (_, at) => [`field${at}`, 1])) }],
  })
  t.is(wrong.length, 101)
  t.is(wrong.at(-1)?.message, 'and more')
  t.regex(
    problemsOf({ playbook_id: 'x', steps: Array.from({ length: 10_001 }, () => ({ command: 'a' })) })[0]?.hint ?? '',
    /10000/,
  )
  t.regex(problemsOf(' '.repeat(17_000_000))[0]?.message ?? '', /17000000 characters; 16777216 are allowed/)
  t.true(problemsOf({ playbook_id: 'x', steps: [{ command: '{a}'.repeat(300_000) }] }).length > 0)
  t.deepEqual(problemsOf({ playbook_id: 'x', steps: [{ command: '{'.repeat(1_000_000) }] }), [])
})

test('strings that no program can be given are refused', (t) => {
  t.regex(problemsOf({ playbook_id: 'x', steps: [{ command: 'echo a\0b' }] })[0]?.message ?? '', /NUL/)
  t.regex(problemsOf('{ "playbook_id": "x", "steps": [{ "command": "\\ud800" }] }')[0]?.message ?? '', /surrogate/)
})

test('a graph with a cycle is refused, and the cycle named', (t) => {
  const [cycle] = problemsOf({
    playbook_id: 'x',
    steps: [
      { step_id: 'a', command: 'a', depends_on: 'c' },
      { step_id: 'b', command: 'b', depends_on: ['a'] },
      { step_id: 'c', command: 'c', depends_on: ['b'] },
      { step_id: 'd', command: 'd', depends_on: ['c'] },
    ],
  })
  t.like(cycle, { path: 'steps[0].depends_on', message: 'these steps wait for each other: a → c → b → a' })
  t.regex(
    problemsOf({ playbook_id: 'x', steps: [{ step_id: 'a', command: 'a', depends_on: 'a' }] })[0]?.message ?? '',
    /a → a/,
  )
  const [unknown] = problemsOf({
    playbook_id: 'x',
    steps: [
      { step_id: 'build', command: 'a' },
      { command: 'b', depends_on: ['biuld'] },
    ],
  })
  t.like(unknown, {
    path: 'steps[1].depends_on[0]',
    message: 'there is no step `biuld`',
    hint: 'did you mean `build`?',
  })
  const [cleanup] = problemsOf({
    playbook_id: 'x',
    steps: [
      { step_id: 'a', command: 'a', depends_on: 'tidy' },
      { step_id: 'tidy', command: 'b', always: true },
    ],
  })
  t.regex(cleanup?.message ?? '', /wait for each other/)
})

test('in a graph a value comes from a step it depends on, however far', (t) => {
  const steps = [
    { step_id: 'a', command: 'a' },
    { step_id: 'b', command: 'b', depends_on: 'a' },
    { step_id: 'c', command: 'echo {steps.a.stdout}', depends_on: 'b' },
  ]
  t.deepEqual(problemsOf({ playbook_id: 'x', steps }), [])
  const [unrelated] = problemsOf({ playbook_id: 'x', steps: [...steps, { command: 'echo {steps.c.stdout}' }] })
  t.like(unrelated, { path: 'steps[3].command', hint: 'add `c` to depends_on' })
})

test('a file is loaded; an unreadable one is a problem of the playbook', async (t) => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'one.json')
  writeFileSync(path, '{ "playbook_id": "one", "steps": [{ "command": "echo" }] }')
  t.is((await loadPlaybook(path)).id, 'one')
  const error = await t.throwsAsync(loadPlaybook(join(folder, 'none.json')), { instanceOf: PlaybookError })
  t.regex(error?.message ?? '', /none\.json: there is no such file/)
  writeFileSync(path, Buffer.from([0x7b, 0xff, 0x7d]))
  await t.throwsAsync(loadPlaybook(path), { message: /one\.json: it is not UTF-8/ })
  t.throws(() => parsePlaybook({} as never), { message: /of type object/ })
})

test('the published JSON Schema matches the checks', async (t) => {
  await t.notThrowsAsync(promisify(execFile)(process.execPath, ['tools/playbook-schema.mjs', '--check']))
})

test('whatever a playbook holds, it is read or refused with places that are there', (t) => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc
      .array(
        fc.constantFrom(
          '{',
          '}',
          '{a}',
          'steps.',
          '1',
          '.json',
          '[0]',
          "'",
          '"',
          '\\',
          '==',
          '&&',
          '(',
          ')',
          '!',
          ' ',
          'a',
          'in',
          '[',
          ',',
        ),
      )
      .map((parts) => parts.join('')),
  )
  const value = fc.oneof(
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(text, { maxLength: 3 }),
    fc.dictionary(text, text, { maxKeys: 3 }),
  )
  const names = [
    'step_id',
    'step',
    'command',
    'shell',
    'parameters',
    'env',
    'when',
    'retry_policy',
    'depends_on',
    'rollback',
    'stdin',
    'timeout_sec',
    'always',
  ]
  const step = fc.dictionary(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, text), value, { maxKeys: 6 })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 4 }), fc.nat(), (steps, indent) => {
      const written = JSON.stringify(
        { playbook_id: 'x', parameters: { a: 1 }, steps: steps.map((one) => ({ command: 'echo', ...one })) },
        null,
        indent % 3,
      )
      const lines = written.split('\n')
      for (const { line, column, message } of problemsOf(written)) {
        t.true(message.length > 0)
        t.true(
          line !== null &&
            column !== null &&
            line >= 1 &&
            line <= lines.length &&
            column <= (lines[line - 1]?.length ?? 0) + 1,
        )
      }
    }),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (noise, at) => {
      const whole = '{ "playbook_id": "x", "steps": [{ "command": "echo {{a}}" }] }'
      const cut = at % whole.length
      problemsOf(`${whole.slice(0, cut)}${noise}${whole.slice(cut)}`)
    }),
    { numRuns: 500 },
  )
})
