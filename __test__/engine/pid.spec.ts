import test from 'ava'

import { forever, testEngine } from '@escher/testing/engine'

test('a handle has the process id from the start of the process on', async (t) => {
  const execution = testEngine(t).run({ type: 'shell', command: 'echo $$' })
  t.is(execution.pid, null)
  const pid = await execution.started()
  t.is(execution.pid, pid)
  const { stdout } = await execution
  t.is(pid, Number(stdout))
  t.is(execution.pid, pid)
  t.is(await execution.started(), pid)
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
