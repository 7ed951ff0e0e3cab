import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import type { PlaybookEvent, PlaybookResult } from '@escher/execution-manager'
import { temporaryFolder } from '@escher/testing/engine'
import { forever, isOf, playbook, problemsOf, refusalOf, script, testManager } from '../helpers/playbook.js'

const statuses = ({ steps }: Pick<PlaybookResult, 'steps'>) => steps.map(({ id, status }) => `${id} ${status}`)

test('steps run one after another, in order', async (t) => {
  const { manager } = testManager(t)
  const events: string[] = []
  const result = await manager.run(playbook([{ command: 'echo 1' }, { command: 'echo 2' }, { command: 'echo 3' }]), {
    onEvent: (event) => void events.push('stepId' in event ? `${event.type} ${event.stepId}` : event.type),
  })
  t.is(result.status, 'completed')
  t.is(result.error, null)
  t.deepEqual(events, [
    'playbook_started',
    ...['1', '2', '3'].flatMap((id) => [`step_started ${id}`, `step_output ${id}`, `step_completed ${id}`]),
    'playbook_completed',
  ])
})

test('the first failure stops the run; the rest are skipped and say why', async (t) => {
  const { manager } = testManager(t)
  const result = await manager.run(
    playbook([
      { command: 'echo fine' },
      { step_id: 'upload', command: script('console.error("AccessDenied"); process.exit(254)') },
      { command: 'echo never' },
      { command: 'echo never' },
    ]),
  )
  t.is(result.status, 'failed')
  t.deepEqual(statuses(result), ['1 completed', 'upload failed', '3 skipped', '4 skipped'])
  t.like(result.error, { code: 'NON_ZERO_EXIT', stepId: 'upload' })
  t.is(result.steps[1]?.result?.stderr, 'AccessDenied\n')
  t.is(result.steps[2]?.skipReason, 'step `upload` failed')
  t.deepEqual(result.steps[2]?.attempts, [])
})

test('a program that is missing fails its step like any other failure', async (t) => {
  const { manager } = testManager(t)
  const result = await manager.run(playbook([{ command: 'no-such-program-anywhere' }, { command: 'echo' }]))
  t.is(result.error?.code, 'PROGRAM_NOT_FOUND')
  t.deepEqual(statuses(result), ['1 failed', '2 skipped'])
})

test('continue_on_error lets the run go on, and complete', async (t) => {
  const { manager } = testManager(t)
  const result = await manager.run(
    playbook([
      { command: script('process.exit(4)'), continue_on_error: true },
      { command: 'echo {steps.1.exit_code} {steps.1.status}' },
    ]),
  )
  t.is(result.status, 'completed')
  t.deepEqual(statuses(result), ['1 failed', '2 completed'])
  t.is(result.steps[1]?.result?.stdout, '4 failed\n')
})

test('always steps run after a failure, in their place and in their order', async (t) => {
  const { manager } = testManager(t)
  const result = await manager.run(
    playbook([
      { step_id: 'fails', command: 'false' },
      { step_id: 'tidy', command: 'echo tidy', always: true },
      { step_id: 'between', command: 'echo never' },
      { step_id: 'report', command: 'echo {steps.fails.status} {steps.tidy.stdout}', always: true },
    ]),
  )
  t.is(result.status, 'failed')
  t.deepEqual(statuses(result), ['fails failed', 'tidy completed', 'between skipped', 'report completed'])
  t.is(result.steps[3]?.result?.stdout, 'failed tidy\n')
})

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

/** Two steps that each wait for the other to run. */
const meeting = (folder: string, own: string, other: string) =>
  script(
    `const fs = require("fs"); fs.writeFileSync(process.argv[1], ""); const wait = () => fs.existsSync(process.argv[2]) || setTimeout(wait, 10); wait()`,
    join(folder, own),
    join(folder, other),
  )

test('in a graph, steps that do not depend on each other run side by side', async (t) => {
  const { manager } = testManager(t)
  const folder = temporaryFolder(t)
  const result = await manager.run(
    playbook([
      { step_id: 'a', command: meeting(folder, 'a', 'b') },
      { step_id: 'b', command: meeting(folder, 'b', 'a') },
      { step_id: 'last', command: 'echo', depends_on: ['a', 'b'] },
    ]),
  )
  t.is(result.status, 'completed')
})

test('no more steps run at once than the limit', async (t) => {
  const { manager } = testManager(t)
  let running = 0
  let most = 0
  const steps = [
    ...Array.from({ length: 9 }, (_, at) => ({ step_id: `s${at}`, command: 'echo' })),
    { command: 'echo', depends_on: ['s0'] },
  ]
  for (const [options, limit] of [
    [{ maxParallel: 2 }, 2],
    [{}, 3],
  ] as const) {
    running = most = 0
    const result = await manager.run(playbook(steps, { max_parallel: 3 }), {
      ...options,
      onEvent: ({ type }) => {
        if (type === 'step_started') running += 1
        if (type === 'step_completed') running -= 1
        most = Math.max(most, running)
      },
    })
    t.is(result.status, 'completed')
    t.is(most, limit)
  }
})

test('in a graph, a failure skips what has not begun, and lets what runs end', async (t) => {
  const { manager } = testManager(t)
  const folder = temporaryFolder(t)
  const result = await manager.run(
    playbook([
      { step_id: 'slow', command: meeting(folder, 'slow', 'failed') },
      {
        step_id: 'fails',
        command: `sh -c ${`'test -e ${join(folder, 'slow')} && exit 3; exit 9'`}`,
        retry_policy: { strategy: 'fixed', attempts: 100, base_sec: 0.02, jitter: 'none', retry_on: [9] },
      },
      { step_id: 'after-slow', command: 'echo', depends_on: 'slow' },
      { step_id: 'tidy', command: `touch ${join(folder, 'x')}`, always: true },
      { step_id: 'release', command: `touch ${join(folder, 'failed')}`, always: true, depends_on: ['fails'] },
    ]),
  )
  t.is(result.status, 'failed')
  t.deepEqual(statuses(result), [
    'slow completed',
    'fails failed',
    'after-slow skipped',
    'tidy completed',
    'release completed',
  ])
})

test('timeout_sec ends a step; one longer than the engine allows is refused before anything runs', async (t) => {
  const { manager } = testManager(t)
  const result = await manager.run(playbook([{ command: forever, timeout_sec: 0.5 }, { command: 'echo' }]))
  t.is(result.error?.code, 'TIMEOUT')
  t.is(result.steps[0]?.result?.status, 'timeout')
  const [refusal] = refusalOf(() => manager.run(playbook([{ command: 'echo' }, { command: 'echo', timeout_sec: 601 }])))
  t.like(refusal, { path: 'steps[1].timeout_sec', message: 'it is 601' })
})

test('rollback undoes completed steps in reverse order, before clean-up, and only when asked for', async (t) => {
  const { manager } = testManager(t)
  const folder = temporaryFolder(t)
  const log = join(folder, 'log')
  const note = (what: string) => `echo ${what} >> '${log}'`
  const steps = [
    { step_id: 'a', command: 'echo id-a', shell: true, rollback: note('undo {steps.a.stdout}') },
    { step_id: 'b', command: 'true', shell: true, rollback: `${note('undo b')}; exit 1` },
    { step_id: 'c', command: 'true', shell: true },
    { step_id: 'fails', command: 'exit 1', shell: true, rollback: note('never') },
    { step_id: 'later', command: 'true', shell: true, rollback: note('never') },
    { step_id: 'tidy', command: note('tidy'), shell: true, always: true },
  ]
  const without = await manager.run(playbook(steps))
  t.is(without.status, 'failed')
  t.is(readFileSync(log, 'utf8'), 'tidy\n')
  writeFileSync(log, '')
  const events: PlaybookEvent[] = []
  const result = await manager.run(playbook(steps), { rollback: true, onEvent: (event) => void events.push(event) })
  t.is(result.status, 'failed')
  t.is(readFileSync(log, 'utf8'), 'undo b\nundo id-a\ntidy\n')
  t.is(result.steps[0]?.rollback?.status, 'completed')
  t.is(result.steps[1]?.rollback?.status, 'failed')
  t.is(result.steps[1]?.rollback?.error?.code, 'NON_ZERO_EXIT')
  t.is(result.steps[3]?.rollback, null)
  t.deepEqual(
    events.filter(isOf('rollback_started')).map(({ stepId }) => stepId),
    ['b', 'a'],
  )
  const fine = await manager.run(playbook([{ command: 'true', rollback: 'false' }]), { rollback: true })
  t.is(fine.steps[0]?.rollback, null)
})

test('a cancelled run is rolled back too, and a forced one is not', async (t) => {
  const { manager } = testManager(t)
  for (const force of [false, true]) {
    const run = manager.run(playbook([{ command: 'true', rollback: 'echo undone' }, { command: forever }]), {
      rollback: true,
      onEvent: (event) => event.type === 'step_output' && event.line === 'up' && run.cancel({ force }),
    })
    const result = await run
    t.is(result.status, 'cancelled')
    t.is(result.steps[0]?.rollback?.status, force ? undefined : 'completed')
  }
})

test('a run is resumed from the step that failed, with earlier results kept', async (t) => {
  const { manager } = testManager(t)
  const folder = temporaryFolder(t)
  const flag = join(folder, 'flag')
  const steps = [
    { step_id: 'make', command: script('console.log(process.pid)') },
    { step_id: 'check', command: `test -e ${flag}` },
    { step_id: 'use', command: 'echo {steps.make.stdout}' },
  ]
  const first = manager.run(playbook(steps))
  t.is((await first).status, 'failed')
  writeFileSync(flag, '')
  // As a state is that was kept as JSON meanwhile.
  const state = JSON.parse(JSON.stringify(first.state))
  const second = manager.run(playbook(steps), { resumeFrom: { step: 'check', state } })
  t.is(second.state.steps[0]?.status, 'completed')
  const events: PlaybookEvent[] = []
  for await (const event of second) events.push(event)
  const result = await second
  t.is(result.status, 'completed')
  t.is(result.steps[2]?.result?.stdout, first.state.steps[0]?.result?.stdout)
  t.deepEqual(
    events.filter(isOf('step_started')).map(({ stepId }) => stepId),
    ['check', 'use'],
  )
  t.deepEqual(
    events.find(isOf('playbook_started'))?.steps.map(({ isKept }) => isKept),
    [true, false, false],
  )

  const without = await manager.run(playbook(steps), { resumeFrom: { step: 'check' } })
  t.deepEqual(statuses(without), ['make skipped', 'check completed', 'use failed'])
  t.is(without.error?.code, 'VALUE_MISSING')
})

test('a graph is resumed with everything that had completed elsewhere', async (t) => {
  const { manager } = testManager(t)
  const flag = join(temporaryFolder(t), 'flag')
  const steps = [
    { step_id: 'a', command: 'echo a' },
    { step_id: 'b', command: `test -e ${flag}`, depends_on: 'a' },
    { step_id: 'c', command: 'echo c', depends_on: 'a' },
    { step_id: 'd', command: 'echo d', depends_on: ['b', 'c'] },
  ]
  const first = manager.run(playbook(steps), { maxParallel: 1 })
  t.deepEqual(statuses(await first), ['a completed', 'b failed', 'c skipped', 'd skipped'])
  writeFileSync(flag, '')
  const started: string[] = []
  const second = await manager.run(playbook(steps), {
    resumeFrom: { step: 'b', state: first.state },
    onEvent: (event) => event.type === 'step_started' && void started.push(event.stepId),
  })
  t.is(second.status, 'completed')
  t.deepEqual(started.toSorted(), ['b', 'c', 'd'])
})

test('a resume that cannot be is refused', async (t) => {
  const { manager } = testManager(t)
  const one = playbook([{ step_id: 'build', command: 'echo' }])
  t.is(refusalOf(() => manager.run(one, { resumeFrom: { step: 'biuld' } }))[0]?.hint, 'did you mean `build`?')
  const other = manager.run(playbook([{ command: 'echo' }], { playbook_id: 'other' }))
  await other
  t.is(
    refusalOf(() => manager.run(one, { resumeFrom: { step: 'build', state: other.state } }))[0]?.path,
    'resumeFrom.state',
  )
})

test('1,000 steps run one after another', async (t) => {
  const { manager } = testManager(t, {}, { logging: false })
  const steps = Array.from({ length: 1000 }, (_, at) => ({
    command: at === 0 ? 'echo 0' : `echo {steps.${at}.exit_code}`,
  }))
  const order: string[] = []
  const result = await manager.run(playbook(steps), {
    onEvent: (event) => event.type === 'step_completed' && void order.push(event.stepId),
  })
  t.is(result.status, 'completed')
  t.deepEqual(
    order,
    steps.map((_, at) => String(at + 1)),
  )
})

test('a graph of 500 steps runs, each after what it depends on', async (t) => {
  const { manager } = testManager(t, {}, { logging: false })
  const steps = Array.from({ length: 500 }, (_, at) => ({
    step_id: `s${at}`,
    command: 'true',
    depends_on: [at - 1, at - 7, Math.floor(at / 2)]
      .filter((to) => to >= 0 && to < at && (at % 3 !== 0 || to === Math.floor(at / 2)))
      .map((to) => `s${to}`),
  }))
  const done = new Set<string>()
  const result = await manager.run(playbook(steps), {
    maxParallel: 8,
    onEvent: (event) => {
      if (event.type === 'step_started') {
        const before = steps.find(({ step_id }) => step_id === event.stepId)?.depends_on ?? []
        t.true(before.every((id) => done.has(id)))
      }
      if (event.type === 'step_completed') done.add(event.stepId)
    },
  })
  t.is(result.status, 'completed')
  t.is(done.size, 500)
})

test('10,000 steps after a failure are skipped', async (t) => {
  const { manager } = testManager(t)
  const steps = Array.from({ length: 10_000 }, (_, at) => ({ command: at === 0 ? 'false' : 'echo' }))
  const result = await manager.run(playbook(steps))
  t.is(result.steps.filter(({ status }) => status === 'skipped').length, 9999)
})
