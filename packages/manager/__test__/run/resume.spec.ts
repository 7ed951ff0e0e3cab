import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import type { PlaybookEvent, PlaybookResult } from '@escher/execution-manager'
import { temporaryFolder } from '@escher/testing/engine'
import { isOf, playbook, refusalOf, script, testManager } from '../helpers/playbook.js'

const statuses = ({ steps }: Pick<PlaybookResult, 'steps'>) => steps.map(({ id, status }) => `${id} ${status}`)

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
  t.is(without.steps[0]?.skipReason, 'it comes before the step to begin with')
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
