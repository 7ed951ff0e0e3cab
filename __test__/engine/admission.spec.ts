// How many run at once, how many may wait, and the end of it.

import test from 'ava'

import { ExecutionEngineError } from '@escher/execution-engine'
import { forever, testEngine } from '@escher/testing/engine'
import { errorOf, exec, Recorder, sh } from '@escher/testing/recorder'

const codeOf = async (work: () => unknown): Promise<unknown> => {
  const error = await errorOf(work)
  return error instanceof ExecutionEngineError ? error.code : error
}

test('no more than the limit run at once, first in first out', async (t) => {
  const engine = await testEngine(t, { maxConcurrentExecutions: 3 })
  const started: string[] = []
  let running = 0
  let most = 0
  const executions = Array.from({ length: 30 }, (_, index) =>
    engine.run('sh', ['-c', 'echo x', String(index)], {
      onEvent: ({ type, executionId }) => {
        if (type === 'started') {
          running += 1
          most = Math.max(most, running)
          started.push(executionId)
        } else if (type === 'completed') running -= 1
      },
    }),
  )
  const results = await Promise.all(executions)
  t.true(results.every(({ status }) => status === 'completed'))
  t.true(most <= 3, `${most} at once`)
  t.is(started.length, 30)
  t.like(engine.metrics(), { pending: 0, running: 0, finished: 30 })
})

test('with a limit of one they start in the order of acceptance', async (t) => {
  const engine = await testEngine(t, { maxConcurrentExecutions: 1 })
  const order: number[] = []
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      engine.run('true', [], { onEvent: ({ type }) => void (type === 'started' && order.push(index)) }),
    ),
  )
  t.deepEqual(
    order,
    Array.from({ length: 20 }, (_, index) => index),
  )
})

test('an engine is as busy as its metrics say', async (t) => {
  const engine = await testEngine(t, { maxConcurrentExecutions: 2 })
  t.like(engine.metrics(), { pending: 0, running: 0, finished: 0 })
  const recorders = [new Recorder(), new Recorder(), new Recorder()]
  const executions = recorders.map(({ listener }) => engine.run(...forever, { onEvent: listener }))
  await Promise.all([recorders[0]?.pid(), recorders[1]?.pid()])
  await recorders[2]?.until(({ type }) => type === 'queued')
  t.like(engine.metrics(), { pending: 1, running: 2, finished: 0 })
  for (const execution of executions) execution.cancel()
  const results = await Promise.all(executions)
  t.true(results.every(({ status }) => status === 'cancelled'))
  t.like(engine.metrics(), { pending: 0, running: 0, finished: 3 })
})

test('waiting does not use up the timeout', async (t) => {
  const engine = await testEngine(t, { maxConcurrentExecutions: 1 })
  const first = engine.run('sleep', ['3'])
  const second = await engine.run('true', [], { timeoutMs: 2500 })
  t.is(second.status, 'completed')
  t.true(second.queuedMs >= 2500, `${second.queuedMs}`)
  t.true(second.durationMs < 2500)
  await first
})

test('a full queue refuses at once, and accepts again when a slot is free', async (t) => {
  const engine = await testEngine(t, { maxConcurrentExecutions: 1, maxQueuedExecutions: 2 })
  const running = await engine.execute(exec(forever))
  const waiting = [await engine.execute(sh('true')), await engine.execute(sh('true'))]
  const error = await errorOf(() => engine.execute(sh('true')))
  t.true(error instanceof ExecutionEngineError && error.code === 'QUEUE_FULL')
  t.regex(error instanceof Error ? error.message : '', /2 executions wait/)
  t.is(await codeOf(() => engine.run('true')), 'QUEUE_FULL')
  t.is(engine.listExecutions().length, 3)

  await engine.cancel(running)
  await Promise.all(waiting.map((id) => engine.waitForCompletion(id)))
  t.is((await engine.run('true')).status, 'completed')
})

test('without a queue, a request that cannot start at once is refused', async (t) => {
  const engine = await testEngine(t, { maxConcurrentExecutions: 1, maxQueuedExecutions: 0 })
  const running = await engine.execute(exec(forever))
  t.is(await codeOf(() => engine.execute(sh('true'))), 'QUEUE_FULL')
  await engine.cancel(running)
  await engine.waitForCompletion(running)
  t.is((await engine.run('true')).status, 'completed')
})

test('after a shutdown, new work is refused and earlier results are still available', async (t) => {
  const engine = await testEngine(t, { maxConcurrentExecutions: 1 })
  const recorder = new Recorder()
  const running = await engine.execute(exec(forever), recorder.listener)
  const waiting = await engine.execute(sh('true'))
  await recorder.pid()
  await engine.shutdown()

  t.is(await codeOf(() => engine.execute(sh('true'))), 'SHUT_DOWN')
  t.is(await codeOf(() => engine.run('true')), 'SHUT_DOWN')
  t.is((await engine.waitForCompletion(running)).status, 'cancelled')
  t.like(await engine.waitForCompletion(waiting), { status: 'cancelled', startedAt: null })
  t.is(engine.getStatus(running), 'cancelled')
  t.is(engine.listExecutions({ status: 'cancelled' }).length, 2)
  t.regex(await engine.readLogs(running), /^#end \{/m)
  await engine.shutdown()
})

test('the end of a scope shuts an engine down', async (t) => {
  const own = await testEngine(t)
  let execution
  {
    await using engine = own
    execution = engine.run(...forever)
    await engine.execute(sh('true'))
  }
  t.is((await execution).status, 'cancelled')
  t.is(await codeOf(() => own.run('true')), 'SHUT_DOWN')
})

test('hundreds at once all end, each with its own output', async (t) => {
  const engine = await testEngine(t, { maxConcurrentExecutions: 20 })
  const results = await Promise.all(Array.from({ length: 300 }, (_, index) => engine.run('echo', [String(index)])))
  t.true(results.every(({ stdout }, index) => stdout === `${index}\n`))
})
