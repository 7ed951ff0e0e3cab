import { join } from 'node:path'

import test from 'ava'

import type { PlaybookResult } from '@escher/execution-manager'
import { temporaryFolder } from '@escher/testing/engine'
import { playbook, script, testManager } from '../helpers/playbook.js'

const statuses = ({ steps }: Pick<PlaybookResult, 'steps'>) => steps.map(({ id, status }) => `${id} ${status}`)

/** Two steps that each wait for the other to run. */
const meeting = (folder: string, own: string, other: string) =>
  script(
    `const fs = require("fs")
    fs.writeFileSync(process.argv[1], "")
    const wait = () => fs.existsSync(process.argv[2]) || setTimeout(wait, 10)
    wait()`,
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

test('in a graph, a failure skips waiting steps and lets running ones finish', async (t) => {
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

test('cleanup keeps to the limit too, and the first failure is the one that counts', async (t) => {
  const { manager } = testManager(t)
  const folder = temporaryFolder(t)
  const [running, end] = [join(folder, 'running'), join(folder, 'end')]
  const code = `const fs = require("fs")
    fs.writeFileSync(process.argv[1], "")
    const wait = () => fs.existsSync(process.argv[2]) ? process.exit(3) : setTimeout(wait, 10)
    wait()`
  const started: string[] = []
  let [now, most] = [0, 0]
  const result = await manager.run(
    playbook([
      { step_id: 'second', command: script(code, running, end) },
      { step_id: 'first', command: meeting(folder, 'other', 'running'), depends_on: [] },
      { step_id: 'fails', command: 'false', depends_on: 'first' },
      { step_id: 'tidy', command: 'echo', always: true, depends_on: 'fails' },
      { step_id: 'release', command: `touch ${end}`, always: true, depends_on: 'fails' },
      { step_id: 'later', command: 'echo', depends_on: 'second' },
    ]),
    {
      maxParallel: 2,
      onEvent: (event) => {
        if (event.type === 'step_started') most = Math.max(most, (now += 1))
        if (event.type === 'step_started') started.push(event.stepId)
        if (event.type === 'step_completed' || (event.type === 'step_failed' && !event.cancelled)) now -= 1
      },
    },
  )
  t.deepEqual(started, ['second', 'first', 'fails', 'tidy', 'release'])
  t.is(most, 2)
  t.like(result.error, { stepId: 'fails' })
  t.is(result.steps[5]?.skipReason, 'step `fails` failed')
})

test('of the steps that could start, the first in the playbook starts first', async (t) => {
  const { manager } = testManager(t)
  const started: string[] = []
  await manager.run(
    playbook([
      { step_id: 'a', command: 'echo' },
      { step_id: 'c', command: 'echo', depends_on: 'a' },
      { step_id: 'b', command: 'echo', depends_on: 'a' },
      { step_id: 'd', command: 'echo', depends_on: [] },
      { step_id: 'e', command: 'echo', depends_on: 'a' },
    ]),
    { maxParallel: 1, onEvent: (event) => event.type === 'step_started' && void started.push(event.stepId) },
  )
  t.deepEqual(started, ['a', 'c', 'b', 'd', 'e'])
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

test('a graph of 500 steps runs, each after its dependencies', async (t) => {
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
