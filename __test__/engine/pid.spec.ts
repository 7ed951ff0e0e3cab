import test from 'ava'

import { forever, testEngine } from '@escher/testing/engine'

test('a handle has the process id while the process runs', async (t) => {
  const execution = testEngine(t).run({ type: 'shell', command: 'echo $$; read end' }, { stdin: 'pipe' })
  const pid = await execution.started()
  t.is(execution.pid, pid)
  execution.stdin.end('\n')
  const { stdout } = await execution
  t.is(pid, Number(stdout))
  t.is(execution.pid, null)
  t.is(await execution.started(), pid)
})

test('the start can be waited for however short the process lives', async (t) => {
  const engine = testEngine(t)
  for (const _ of Array.from({ length: 20 })) {
    const execution = engine.run({ type: 'shell', command: 'echo $$' })
    const pid = await execution.started()
    t.is(pid, Number((await execution).stdout))
  }
})

test('the start can be waited for in a later turn, before it and after it', async (t) => {
  const engine = testEngine(t, { maxConcurrentExecutions: 1 })
  const running = engine.run(...forever)
  const queued = engine.run({ type: 'shell', command: 'echo $$' })
  await running.started()
  const later = queued.started()
  running.cancel({ force: true })
  t.is(await later, Number((await queued).stdout))

  const unread = engine.run(...forever)
  while (unread.pid === null) await new Promise(setImmediate)
  t.is(await unread.started(), unread.pid)
  unread.cancel({ force: true })
})

test('the process id is known without a reader, and while a reader waits for the first line', async (t) => {
  const execution = testEngine(t).run(...forever)
  const first = execution.lines().next()
  const [pid, again] = await Promise.all([execution.started(), execution.started()])
  t.is(pid, again)
  t.notThrows(() => process.kill(pid!, 0))
  t.true(execution.cancel({ force: true }))
  t.deepEqual(await first, { value: undefined, done: true })
})

test('an execution that never starts has no process id, and waiting for one ends', async (t) => {
  const engine = testEngine(t, { maxConcurrentExecutions: 1 })
  const missing = engine.run('no-such-program')
  t.is(await missing.started(), null)
  t.is(missing.pid, null)

  const refused = engine.run('true', { timeoutMs: -1 })
  t.is(await refused.started(), null)
  await t.throwsAsync(refused.wait(), { code: 'INVALID_REQUEST' })

  const running = engine.run(...forever)
  const queued = engine.run('true')
  const started = queued.started()
  queued.cancel()
  t.is(await started, null)
  running.cancel({ force: true })
})
