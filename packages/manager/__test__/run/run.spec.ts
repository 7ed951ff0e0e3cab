import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import type { PlaybookEvent, RunState } from '@escher/execution-manager'
import { temporaryFolder } from '@escher/testing/engine'
import { until } from '@escher/testing/wait'
import { forever, isOf, playbook, refusalOf, script, testManager } from '../helpers/playbook.js'

test('events tell the whole story, in order, to a listener and to loops alike', async (t) => {
  const { manager } = testManager(t)
  const received: PlaybookEvent[] = []
  const run = manager.run(
    playbook([{ command: script('console.log("a"); console.log("b")') }, { command: 'false' }, { command: 'echo' }]),
    {
      onEvent: (event) => void received.push(event),
    },
  )
  const seen: PlaybookEvent[] = []
  for await (const event of run) seen.push(event)
  t.deepEqual(seen, received)
  t.deepEqual(
    seen.map(({ type }) => type),
    [
      'playbook_started',
      'step_started',
      'step_output',
      'step_output',
      'step_completed',
      'step_started',
      'step_failed',
      'step_skipped',
      'playbook_completed',
    ],
  )
  t.deepEqual(
    seen.filter(isOf('step_output')).map(({ line, stream }) => [stream, line]),
    [
      ['stdout', 'a'],
      ['stdout', 'b'],
    ],
  )
  t.true(
    seen.every(
      ({ runId, playbookId, timestamp }) =>
        runId === run.id && playbookId === 'test' && !Number.isNaN(Date.parse(timestamp)),
    ),
  )
  const last = seen.at(-1)
  t.is(last?.type === 'playbook_completed' && last.result, await run.result)
})

test('a run is a promise of its result: it can be chained like any other', async (t) => {
  const { manager } = testManager(t)
  const run = manager.run(playbook([{ command: 'echo' }]))
  let ended = false
  const result = await run.catch(() => t.fail('a run never rejects')).finally(() => (ended = true))
  t.true(ended)
  t.is(result, await run.wait())
  t.is(result, await run.result)
})

test('a loop that is left, and one that starts at the end, hold nothing up', async (t) => {
  const { manager } = testManager(t)
  const run = manager.run(playbook([{ command: script('for (let i = 0; i < 20000; i++) console.log(i)') }]))
  for await (const event of run) if (event.type === 'step_output') break
  t.is((await run).status, 'completed')
  for await (const event of run) t.fail(event.type)
})

test('a slow loop loses nothing', async (t) => {
  const { manager } = testManager(t)
  const run = manager.run(playbook([{ command: script('for (let i = 0; i < 20000; i++) console.log(i)') }]))
  let lines = 0
  for await (const event of run) {
    if (event.type !== 'step_output') continue
    t.is(event.line, String(lines))
    lines += 1
    if (lines % 1000 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  t.is(lines, 20_000)
})

test('the state never changes: each event makes a new one, which shares the unchanged parts', async (t) => {
  const { manager } = testManager(t)
  const states: RunState[] = []
  const run = manager.run(playbook([{ command: 'echo a' }, { command: 'echo b' }]), {
    onEvent: () => {
      const { state } = run
      if (states.at(-1) !== state) states.push(state)
    },
  })
  const first = run.state
  t.deepEqual(
    first.steps.map(({ status }) => status),
    ['pending', 'pending'],
  )
  const result = await run
  t.deepEqual(
    states.map(({ steps, status }) => [status, ...steps.map((step) => step.status)]),
    [
      ['running', 'pending', 'pending'],
      ['running', 'running', 'pending'],
      ['running', 'completed', 'pending'],
      ['running', 'completed', 'running'],
      ['running', 'completed', 'completed'],
      ['completed', 'completed', 'completed'],
    ],
  )
  t.is(first.steps[0]?.status, 'pending')
  t.is(states[2]?.steps[1], first.steps[1])
  t.is(run.state.steps[0], states[2]?.steps[0])
  const { state } = run
  t.throws(() => Object.assign(state, { status: 'failed' }))
  t.throws(() => Object.assign(state.steps[0]?.result ?? {}, { stdout: '' }))
  t.throws(() => (state.steps as unknown[]).push(1))
  t.deepEqual(JSON.parse(JSON.stringify(state)), state)
  t.is(result.steps[0]?.attempts[0]?.executionId, result.steps[0]?.result?.id)
  t.true((result.steps[0]?.durationMs ?? -1) >= 0)
})

test('each execution carries its run, step and attempt, and has a log of its own', async (t) => {
  const { manager, engine } = testManager(t)
  const run = manager.run(
    playbook([{ step_id: 'flaky', command: 'false', retry_policy: { strategy: 'fixed', base_sec: 0, attempts: 2 } }]),
    { conversationId: 'conversation-1' },
  )
  const { steps } = await run
  const attempts = steps[0]?.attempts ?? []
  t.is(attempts.length, 2)
  t.not(attempts[0]?.logPath, attempts[1]?.logPath)
  for (const [at, { executionId, logPath }] of attempts.entries()) {
    t.deepEqual(engine.getSummary(executionId).metadata, {
      source: 'playbook',
      conversationId: 'conversation-1',
      tags: { playbook_id: 'test', run_id: run.id, step_id: 'flaky', attempt: String(at + 1) },
    })
    t.true(readFileSync(logPath as string, 'utf8').includes(run.id))
  }
})

test('cancel stops the running step, leaves out the rest, and runs cleanup', async (t) => {
  const { manager } = testManager(t)
  const run = manager.run(
    playbook([
      { step_id: 'long', command: forever },
      { step_id: 'never', command: 'echo' },
      { step_id: 'tidy', command: 'echo tidy', always: true },
    ]),
  )
  const events: PlaybookEvent[] = []
  for await (const event of run) {
    events.push(event)
    if (event.type === 'step_output' && event.line === 'up') t.true(run.cancel())
  }
  const result = await run
  t.is(result.status, 'cancelled')
  t.is(result.error, null)
  t.deepEqual(
    result.steps.map(({ status }) => status),
    ['cancelled', 'skipped', 'completed'],
  )
  t.is(result.steps[0]?.result?.status, 'cancelled')
  t.is(result.steps[1]?.skipReason, 'the run was cancelled')
  t.true(events.find(isOf('step_failed'))?.cancelled)
  t.false(run.cancel())
})

test('a second cancel stops cleanup too, also a program that does not listen', async (t) => {
  const { manager } = testManager(t, {}, { killGraceMs: 60_000 })
  const deaf = script('process.on("SIGTERM", () => {}); console.log("deaf"); setInterval(() => {}, 1000)')
  const run = manager.run(
    playbook([
      { step_id: 'long', command: forever },
      { step_id: 'tidy', command: deaf, always: true },
      { step_id: 'more', command: 'echo', always: true },
    ]),
  )
  for await (const event of run) if (event.type === 'step_output') run.cancel()
  const result = await run
  t.is(result.status, 'cancelled')
  t.deepEqual(
    result.steps.map(({ status }) => status),
    ['cancelled', 'cancelled', 'skipped'],
  )
})

test('an AbortSignal cancels: before the start, and while it runs', async (t) => {
  const { manager } = testManager(t)
  const early = await manager.run(playbook([{ command: 'echo' }, { command: 'echo tidy', always: true }]), {
    signal: AbortSignal.abort(),
  })
  t.is(early.status, 'cancelled')
  t.deepEqual(
    early.steps.map(({ status }) => status),
    ['skipped', 'completed'],
  )
  const controller = new AbortController()
  const late = await manager.run(playbook([{ command: forever }]), {
    signal: controller.signal,
    onEvent: ({ type }) => type === 'step_output' && controller.abort(),
  })
  t.is(late.status, 'cancelled')
})

test('cancel ends a wait between attempts, and a question that is never answered', async (t) => {
  const { manager } = testManager(t)
  const waiting = manager.run(
    playbook([
      { command: 'false', retry_policy: { strategy: 'fixed', base_sec: 3600, max_sec: 3600, jitter: 'none' } },
    ]),
    {
      onEvent: ({ type }) => type === 'step_retry' && waiting.cancel(),
    },
  )
  t.is((await waiting).status, 'cancelled')
  const asking = manager.run(playbook([{ command: 'echo', risk_level: 'modify' }]), {
    onApproval: ({ signal }) => {
      setImmediate(() => asking.cancel())
      t.false(signal.aborted)
      return new Promise(() => {})
    },
  })
  const result = await asking
  t.is(result.steps[0]?.status, 'cancelled')
  t.deepEqual(result.steps[0]?.attempts, [])
})

test('a run and a manager that are disposed of have ended', async (t) => {
  const { manager, engine } = testManager(t)
  let kept: { state: RunState } | undefined
  {
    await using run = manager.run(playbook([{ command: forever }]))
    await until(() => engine.metrics().running === 1)
    kept = run
  }
  t.is(kept.state.status, 'cancelled')
  const other = manager.run(playbook([{ command: forever }]))
  await manager[Symbol.asyncDispose]()
  t.is(other.state.status, 'cancelled')
})

test('a run is disposed of also when a reader never comes back', async (t) => {
  const { manager } = testManager(t)
  let lines = 0
  const run = manager.run(playbook([{ command: script('for (;;) console.log("more and more")') }]), {
    onEvent: ({ type }) => {
      if (type === 'step_output') lines += 1
    },
  })
  await run[Symbol.asyncIterator]().next()
  // More than are kept for a reader: from now on the program waits for it.
  await until(() => lines > 4000)
  await run[Symbol.asyncDispose]()
  t.is(run.state.status, 'cancelled')
})

test('an engine that is shut down fails the step; the run still has a result', async (t) => {
  const { manager, engine } = testManager(t)
  await engine.shutdown()
  const result = await manager.run(playbook([{ command: 'echo' }]))
  t.is(result.error?.code, 'REQUEST_REFUSED')
  t.is(result.status, 'failed')
  t.is(result.steps[0]?.attempts[0]?.status, 'failed')
})

test('a dry run says the exact arguments, runs nothing and asks for nothing', async (t) => {
  const { manager } = testManager(t)
  const file = join(temporaryFolder(t), 'made')
  const events: PlaybookEvent[] = []
  const result = await manager.run(
    playbook(
      [
        { step_id: 'a', command: `touch '{file}' {name}`, risk_level: 'destructive', rollback: 'rm {file}' },
        { step_id: 'b', command: 'echo {steps.a.stdout} {token}', depends_on: 'a', when: 'name == "x"' },
        { step_id: 'c', command: 'echo {name}', shell: true },
      ],
      { parameters: { file, name: 'a; $(id) "b"', token: { default: 'secret-1', secret: true } } },
    ),
    {
      dryRun: true,
      onApproval: () => t.fail() as never,
      onEvent: (event) => void events.push(event),
      credentials: { credentials: () => t.fail() as never },
    },
  )
  t.is(result.status, 'completed')
  t.deepEqual(
    result.plan?.map(({ id, command, needsApproval, riskLevel, dependsOn }) => ({
      id,
      command,
      needsApproval,
      riskLevel,
      dependsOn,
    })),
    [
      {
        id: 'a',
        command: { kind: 'exec', argv: ['touch', file, 'a; $(id) "b"'] },
        needsApproval: true,
        riskLevel: 'destructive',
        dependsOn: [],
      },
      {
        id: 'b',
        command: { kind: 'exec', argv: ['echo', '{steps.a.stdout}', '***'] },
        needsApproval: false,
        riskLevel: 'read_only',
        dependsOn: ['a'],
      },
      {
        id: 'c',
        command: { kind: 'shell', script: 'echo "${ESCHER_PARAM_name}"', env: { ESCHER_PARAM_name: 'a; $(id) "b"' } },
        needsApproval: false,
        riskLevel: 'read_only',
        dependsOn: [],
      },
    ],
  )
  t.deepEqual(result.plan?.[0]?.rollback, { kind: 'exec', argv: ['rm', file] })
  t.deepEqual(
    events.map(({ type }) => type),
    ['playbook_started', 'step_planned', 'step_planned', 'step_planned', 'playbook_completed'],
  )
  t.throws(() => readFileSync(file), { code: 'ENOENT' })
  t.true(result.steps.every(({ status }) => status === 'planned'))
})

test('options that make no sense are refused', (t) => {
  const { manager } = testManager(t)
  const one = playbook([{ command: 'echo' }])
  t.is(refusalOf(() => manager.run(one, { maxParallel: 0 }))[0]?.path, 'maxParallel')
  t.is(refusalOf(() => manager.run(one, { dry_run: true } as never))[0]?.hint, 'did you mean `dryRun`?')
  t.is(
    refusalOf(() => manager.run(one, { resumeFrom: { step: '1', state: {} as never } }))[0]?.path,
    'resumeFrom.state',
  )
  t.is(refusalOf(() => manager.run(one, { approvalLevel: 'none' as never }))[0]?.path, 'approvalLevel')
})

test('many runs at once share an engine, and warn of nothing', async (t) => {
  const { manager } = testManager(t, { maxParallel: 50 }, { maxConcurrentExecutions: 50 })
  const warnings: Error[] = []
  const onWarning = (warning: Error) => void warnings.push(warning)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const folder = temporaryFolder(t)
  const steps = Array.from({ length: 30 }, (_, at) => ({
    step_id: `s${at}`,
    command: `touch ${folder}/{n}-${at}`,
    depends_on: [] as string[],
  }))
  const runs = [1, 2, 3].map((n) => manager.run(playbook(steps, { parameters: { n } })))
  for (const result of await Promise.all(runs)) t.is(result.status, 'completed')
  writeFileSync(join(folder, 'end'), '')
  t.deepEqual(warnings, [])
})
