// Readers that are slow, that stop, or that never begin.

import { setImmediate as turn } from 'node:timers/promises'

import test from 'ava'

import { testEngine } from '@escher/testing/engine'
import { Recorder, sh } from '@escher/testing/recorder'
import { until } from '@escher/testing/wait'

const MIB = 1024 * 1024

test('leaving a loop that had fallen behind lets onEvent go on', async (t) => {
  const engine = testEngine(t)
  const recorder = new Recorder()
  const execution = engine.run(sh('seq 200000').command, { onEvent: recorder.listener })
  const lines = execution[Symbol.asyncIterator]()
  await lines.next()
  // More than the queue holds has come (256 Ki characters): it has paused the engine by now.
  await until(() => recorder.events.length > 47_000)
  await turn()
  await lines.return?.()
  t.is((await execution).status, 'completed')
  const last = await recorder.until((event) => 'result' in event)
  t.is(last.type, 'completed')
  t.is(recorder.types.filter((type) => type === 'stdout').length, 200_000)
})

test('every line of many executions with little output arrives, in order, before the end', async (t) => {
  const engine = testEngine(t, { maxConcurrentExecutions: 20 })
  // One write per line, as fast as a shell can: far more per millisecond than anyone reads.
  const script = 'i=0; while [ $i -lt 1000 ]; do echo $i; i=$((i+1)); done'
  const expected = Array.from({ length: 1000 }, (_, index) => String(index))
  const listen = async (): Promise<void> => {
    const recorder = new Recorder()
    const result = await engine.run(sh(script).command, { onEvent: recorder.listener })
    t.is(result.stdout, `${expected.join('\n')}\n`)
    t.deepEqual(
      recorder.events.flatMap((event) => (event.type === 'stdout' ? [event.line] : [])),
      expected,
    )
    t.is(recorder.types.at(-1), 'completed')
  }
  await Promise.all(Array.from({ length: 20 }, listen))
})

test('of many that all say more than is kept, every line arrives', async (t) => {
  const engine = testEngine(t, { maxConcurrentExecutions: 60, maxOutputSizeBytes: 1000 })
  const listen = async (): Promise<void> => {
    let lines = 0
    const { status } = await engine.run(sh('seq 20000; seq 20000 >&2').command, {
      onEvent: ({ type }) => {
        if (type === 'stdout' || type === 'stderr') lines += 1
      },
    })
    t.is(status, 'completed')
    t.is(lines, 40_000)
  }
  await Promise.all(Array.from({ length: 60 }, listen))
})

test.serial('a slow loop pauses the child, and memory stays flat', async (t) => {
  const engine = testEngine(t, { logging: false })
  const execution = engine.run('yes', ['y'.repeat(99)])
  const before = process.memoryUsage.rss()
  let seen = 0
  let largest = 0
  for await (const { text } of execution) {
    t.is(text.length, 99)
    seen += 1
    await turn()
    largest = Math.max(largest, process.memoryUsage.rss())
    if (seen === 3000) break
  }
  execution.cancel()
  const result = await execution
  t.is(result.status, 'cancelled')
  t.true(largest - before < 100 * MIB, `${(largest - before) / MIB} MiB`)
})

test.serial('a loop that never reads holds the child back, and it can still be cancelled', async (t) => {
  const engine = testEngine(t, { logging: false })
  const execution = engine.run('yes', ['y'.repeat(99)])
  const lines = execution[Symbol.asyncIterator]()
  await lines.next()
  // Other executions are not affected meanwhile.
  const other = await engine.run(sh('seq 1000').command)
  t.is(other.status, 'completed')
  execution.cancel()
  const result = await execution
  t.is(result.status, 'cancelled')
  t.true(result.stdoutBytes < 16 * MIB, `${result.stdoutBytes}`)
})

test('an execution with unread lines times out all the same', async (t) => {
  const engine = testEngine(t, { logging: false })
  const execution = engine.run('yes', [], { timeoutMs: 300 })
  const lines = execution[Symbol.asyncIterator]()
  await lines.next()
  t.is((await execution).status, 'timeout')
})

test('a shutdown does not wait for unread lines', async (t) => {
  const engine = testEngine(t, { logging: false })
  const execution = engine.run('yes')
  const lines = execution[Symbol.asyncIterator]()
  await lines.next()
  await engine.shutdown()
  t.is((await execution).status, 'cancelled')
})

test('disposing of a handle in the middle of its lines ends it', async (t) => {
  const engine = testEngine(t)
  const execution = engine.run(sh('echo one; sleep 1000').command)
  const lines = execution[Symbol.asyncIterator]()
  t.like(await lines.next(), { done: false })
  const pending = lines.next()
  await execution[Symbol.asyncDispose]()
  t.true((await pending).done)
  t.is((await execution).status, 'cancelled')
})

test('by id the result does not wait for unread lines either', async (t) => {
  const engine = testEngine(t)
  const execution = engine.run(sh('yes').command, { timeoutMs: 300 })
  execution[Symbol.asyncIterator]()
  t.is((await engine.waitForCompletion(execution.id)).status, 'timeout')
})
