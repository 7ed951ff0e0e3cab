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

test('a condition that cannot be decided fails its step', async (t) => {
  const { manager } = testManager(t)
  const result = await manager.run(playbook([{ command: 'true', when: 'word > 3' }], { parameters: { word: 'many' } }))
  t.like(result.error, {
    code: 'CONDITION_FAILED',
    message: 'its condition cannot be decided: a number is neither more nor less than a string',
  })
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
