import test from 'ava'

import { playbook, problemsOf, testManager } from '../helpers/playbook.js'

test('when: a step is skipped unless its condition holds, and the run goes on', async (t) => {
  const { manager } = testManager(t)
  const cases: [string, boolean][] = [
    ['environment == "production"', true],
    ["environment != 'production'", false],
    ['count > 2 && count <= 3', true],
    ['count < 2 || !dry', true],
    ['!(count >= 2)', false],
    ['environment in ["staging", "production"]', true],
    ['"prod" in environment', true],
    ['environment in ["staging"]', false],
    ['dry', false],
    ['optional == null', true],
    ['steps.list.json.items[0].name == "a" && steps.list.json.none == null', true],
    ['steps.list.exit_code == 0 && steps.list.status == "completed"', true],
    ['steps.skipped.status == "skipped" && steps.skipped.stdout == null', true],
    ['steps.list.json["items"][0]["name"] == "a"', true],
    ['count == 3 && text == 3 && text == "3"', true],
    ['a == "{not} a placeholder"', false],
    ['1 < 2 == true', true],
    ['false || true && false', false],
  ]
  const result = await manager.run(
    playbook(
      [
        { step_id: 'list', command: ['echo', '{"items":[{"name":"a"}]}'] },
        { step_id: 'skipped', command: 'echo', when: 'false' },
        ...cases.map(([when]) => ({ command: 'true', when })),
      ],
      {
        parameters: {
          environment: 'production',
          count: 3,
          text: '3',
          dry: 'false',
          a: '',
          optional: { required: false },
        },
      },
    ),
  )
  t.is(result.status, 'completed')
  for (const [at, [when, holds]] of cases.entries()) {
    t.is(result.steps[at + 2]?.status, holds ? 'completed' : 'skipped', when)
  }
  t.is(result.steps[1]?.skipReason, 'its condition does not hold: false')
})

test('values are compared by their meaning, whether they came as text or not', async (t) => {
  const { manager } = testManager(t, {}, { logging: false })
  const cases: [string, boolean][] = [
    ['true', true],
    ['false', false],
    ['null', false],
    ['0', false],
    ['-0.5', true],
    ['""', false],
    [`'false'`, false],
    ['f', false],
    ['!f', true],
    ['!missing', true],
    ['n == 3', true],
    ['n == 4', false],
    ['n != 3', false],
    ['n != 4', true],
    ['n == "4"', false],
    ['n == three', true],
    ['three == n', true],
    ['n == "3.0"', true],
    ['three == "3.0"', false],
    ['n == "x"', false],
    ['yes == "true"', true],
    ['"yes" == yes', false],
    ['yes == 1', false],
    ['"" == 0', false],
    ['" " == 0', false],
    ['0 == "1e999"', false],
    ['missing == null', true],
    ['null == missing', true],
    ['missing == "null"', false],
    ['"null" == missing', false],
    ['word == null', false],
    [String.raw`'it is "b"' == "it is \"b\""`, true],
    [`word == 'b'`, true],
    ['n < 4', true],
    ['n < 3', false],
    ['n <= 3', true],
    ['n <= 2', false],
    ['n > 2', true],
    ['n > 3', false],
    ['n >= 3', true],
    ['n >= 4', false],
    ['three < 10', true],
    ['three < "10"', true],
    ['word < "c"', true],
    ['word < "b"', false],
    ['word < "a"', false],
    ['word <= "b"', true],
    ['n in [1, 2]', false],
    ['n in [1, "3"]', true],
    ['n in []', false],
    ['word in "abc"', true],
    ['word in "xyz"', false],
    ['n in "a3"', true],
    ['n in 33', false],
    ['true && true', true],
    ['true && false', false],
    ['false && true', false],
    ['false || false', false],
    ['false || true', true],
    ['true || false && false', true],
    ['false && word > 3', false],
    ['true || word > 3', true],
  ]
  const parameters = { n: 3, three: '3', word: 'b', yes: true, f: 'false', missing: { required: false } }
  const steps = cases.map(([when]) => ({ command: 'true', when }))
  const result = await manager.run(playbook(steps, { parameters }))
  t.is(result.error, null)
  for (const [at, [when, holds]] of cases.entries()) {
    t.is(result.steps[at]?.status, holds ? 'completed' : 'skipped', when)
  }
})

test('a condition that cannot be decided fails its step, and shows no value', async (t) => {
  const { manager } = testManager(t)
  for (const [when, kinds] of [
    ['word > 3', 'a number is neither more nor less than a string'],
    ['3 > word', 'a string is neither more nor less than a number'],
    ['missing > 3', 'a number is neither more nor less than what is missing'],
    ['[1] < 3', 'an array is neither more nor less than a number'],
    ['yes < word', 'a boolean is neither more nor less than a string'],
    ['word < yes', 'a string is neither more nor less than a boolean'],
  ]) {
    const parameters = { word: 'many', yes: true, missing: { required: false } }
    const { error } = await manager.run(playbook([{ command: 'true', when }], { parameters }))
    t.like(error, { code: 'CONDITION_FAILED', message: `its condition cannot be decided: ${kinds}` }, when)
  }
})

test('wherever a condition or a script names a step, that step must have ended by then', (t) => {
  for (const when of [
    'steps.later.exit_code == 0',
    '0 == steps.later.exit_code',
    '!steps.later.exit_code',
    '0 in [1, steps.later.exit_code]',
    'true && (steps.later.exit_code)',
  ]) {
    const steps = [
      { command: 'echo', when },
      { step_id: 'later', command: 'echo' },
    ]
    const [problem, ...others] = problemsOf({ playbook_id: 'x', steps })
    t.is(problem?.path, 'steps[0].when', when)
    t.is(problem?.message, '{steps.later.exit_code}: step `later` need not have ended by then', when)
    t.deepEqual(others, [])
  }
  const steps = [
    { command: 'echo {steps.later.stdout}', shell: true },
    { step_id: 'later', command: 'echo' },
  ]
  t.is(problemsOf({ playbook_id: 'x', steps })[0]?.path, 'steps[0].command')
})

test('conditions that make no sense are refused before anything runs', (t) => {
  for (const when of [
    'a ==',
    '== 1',
    'a = 1',
    '(a',
    'a b',
    '{a} == 1',
    'a == "x',
    '[1, 2',
    'steps.1',
    'c == 1',
    'a & b',
    '1..2',
  ]) {
    const [problem] = problemsOf({ playbook_id: 'x', parameters: { a: 1, b: 2 }, steps: [{ command: 'x', when }] })
    t.is(problem?.path, 'steps[0].when', when)
  }
})
