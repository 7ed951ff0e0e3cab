import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import type { PlaybookEvent, PlaybookResult } from '@escher/execution-manager'
import { temporaryFolder } from '@escher/testing/engine'
import { forever, isOf, playbook, refusalOf, script, testManager } from '../helpers/playbook.js'

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

test('timeout_sec ends a step', async (t) => {
  const { manager } = testManager(t)
  const result = await manager.run(playbook([{ command: forever, timeout_sec: 0.5 }, { command: 'echo' }]))
  t.is(result.error?.code, 'TIMEOUT')
  t.is(result.steps[0]?.result?.status, 'timeout')
})

test('a timeout_sec longer than the engine allows is refused before anything runs', async (t) => {
  const long = playbook([{ command: 'echo' }, { command: 'echo', timeout_sec: 601 }])
  const [refusal] = refusalOf(() => testManager(t).manager.run(long))
  t.like(refusal, { path: 'steps[1].timeout_sec', message: 'it is 601' })
  t.regex(refusal?.hint ?? '', /600 seconds/)
  const patient = testManager(t, {}, { maxTimeoutMs: 7_200_000 })
  t.is((await patient.manager.run(long)).status, 'completed')
  const hasty = testManager(t, {}, { maxTimeoutMs: 5000, defaultTimeoutMs: 1000 })
  const short = playbook([{ command: 'echo', timeout_sec: 6 }])
  t.is(refusalOf(() => hasty.manager.run(short))[0]?.path, 'steps[0].timeout_sec')
})

test('rollback undoes completed steps in reverse order, before cleanup, and only when asked for', async (t) => {
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
  t.deepEqual(
    events.filter(isOf('rollback_completed')).map(({ stepId }) => stepId),
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
