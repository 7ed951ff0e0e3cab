import test from 'ava'

import type { ExecutionEvent, ExecutionRequest } from '@escher/execution-engine'
import { forever, node, testEngine } from '@escher/testing/engine'
import { exec } from '@escher/testing/recorder'

test('events come in order, and the terminal one is last and alone', async (t) => {
  const engine = testEngine(t)
  const events: ExecutionEvent[] = []
  const id = await engine.execute(exec(node('console.log("a\\r\\nb"); console.error("c")')), (event) =>
    events.push(event),
  )
  const result = await engine.waitForCompletion(id)
  t.is(events[0]?.type, 'started')
  t.deepEqual(
    events.flatMap((event) => (event.type === 'stdout' ? [event.line] : [])),
    ['a', 'b'],
  )
  t.deepEqual(
    events.flatMap((event) => (event.type === 'stderr' ? [event.line] : [])),
    ['c'],
  )
  const last = events.at(-1)
  t.true(last?.type === 'completed')
  t.deepEqual(last && 'result' in last && last.result, result)
  t.is(events.filter((event) => 'result' in event).length, 1)
  for (const event of events) {
    t.is(event.executionId, id)
    t.is(new Date(event.timestamp).toISOString(), event.timestamp)
  }
})

test('started names the process and the command', async (t) => {
  const engine = testEngine(t)
  const events: ExecutionEvent[] = []
  const id = await engine.execute(exec(node('console.log(process.pid)')), (event) => events.push(event))
  const { stdout } = await engine.waitForCompletion(id)
  const started = events.find((event) => event.type === 'started')
  t.is(started?.pid, Number(stdout))
  t.true(started?.command.includes('process.pid'))
})

test('waitForCompletion resolves only when the listener has seen the end', async (t) => {
  const engine = testEngine(t)
  let isSeen = false
  const id = await engine.execute(exec(node('console.log(1)')), (event) => (isSeen ||= 'result' in event))
  await engine.waitForCompletion(id)
  t.true(isSeen)
})

test('one that has to wait is queued first', async (t) => {
  const engine = testEngine(t, { maxConcurrentExecutions: 1 })
  const first = await engine.execute(exec(forever))
  const types: string[] = []
  const second = await engine.execute(exec(node('')), (event) => types.push(event.type))
  t.is(engine.getStatus(second), 'pending')
  await engine.cancel(first)
  await engine.waitForCompletion(second)
  t.deepEqual(types, ['queued', 'started', 'completed'])
})

test('one that is cancelled while it waits never starts', async (t) => {
  const engine = testEngine(t, { maxConcurrentExecutions: 1 })
  await engine.execute(exec(forever))
  const types: string[] = []
  const id = await engine.execute(exec(node('')), (event) => types.push(event.type))
  await engine.cancel(id)
  t.is((await engine.waitForCompletion(id)).status, 'cancelled')
  t.deepEqual(types, ['queued', 'cancelled'])
})

test('one that cannot be started has no started event', async (t) => {
  const engine = testEngine(t)
  const types: string[] = []
  const request: ExecutionRequest = { command: { type: 'exec', program: 'no-such-program-anywhere' } }
  const id = await engine.execute(request, (event) => types.push(event.type))
  await engine.waitForCompletion(id)
  t.deepEqual(types, ['failed'])
})

test('the limit of memory is reported once per stream', async (t) => {
  const engine = testEngine(t)
  const events: ExecutionEvent[] = []
  const request = { ...exec(node('console.log("x\\n".repeat(10_000))')), maxOutputSizeBytes: 1_000 }
  const id = await engine.execute(request, (event) => events.push(event))
  const result = await engine.waitForCompletion(id)
  t.true(result.stdoutTruncated)
  t.false(result.stderrTruncated)
  const truncations = events.filter((event) => event.type === 'output_truncated')
  t.is(truncations.length, 1)
  t.is(truncations[0]?.stream, 'stdout')
  t.is(truncations[0]?.limitBytes, 1_000)
})

test('streamOutput: false leaves the lines out of the events, not out of the result', async (t) => {
  const engine = testEngine(t, { streamOutput: false })
  const types: string[] = []
  const id = await engine.execute(exec(node('console.log(1)')), (event) => types.push(event.type))
  t.is((await engine.waitForCompletion(id)).stdout, '1\n')
  t.deepEqual(types, ['started', 'completed'])
})

test('text of every kind arrives whole', async (t) => {
  const engine = testEngine(t)
  const text = 'ASCII, Ümläut, 漢字, 𝄞, \u0000, \u0085, \u2028, "quotes"'
  const lines: string[] = []
  const id = await engine.execute(exec(node(`console.log(${JSON.stringify(text)})`)), (event) => {
    if (event.type === 'stdout') lines.push(event.line)
  })
  await engine.waitForCompletion(id)
  t.deepEqual(lines, [text])
})

test('many executions at once each get their own events', async (t) => {
  const engine = testEngine(t, { maxConcurrentExecutions: 20 })
  const ids = Array.from({ length: 20 }, async (_, index) => {
    const lines: string[] = []
    const code = 'for (let i = 0; i < 500; i += 1) console.log(process.argv[1])'
    const id = await engine.execute(exec(node(code, `execution-${index}`)), (event) => {
      if (event.type === 'stdout') lines.push(event.line)
    })
    await engine.waitForCompletion(id)
    return lines.length === 500 && lines.every((line) => line === `execution-${index}`)
  })
  t.true((await Promise.all(ids)).every(Boolean))
})

test('thousands of events at once come in portions, and the event loop gets its turns in between', async (t) => {
  const engine = testEngine(t, { maxConcurrentExecutions: 1 })
  let portion = 0
  let largest = 0
  const onEvent = (): void => {
    // Microtasks run when the call that brought the events is over.
    if (portion === 0) {
      queueMicrotask(() => {
        largest = Math.max(largest, portion)
        portion = 0
      })
    }
    portion += 1
  }
  await engine.execute(exec(forever))
  const ids = await Promise.all(Array.from({ length: 3_000 }, () => engine.execute(exec(node('')), onEvent)))
  await Promise.all(ids.map((id) => engine.cancel(id)))
  await Promise.all(ids.map((id) => engine.waitForCompletion(id)))
  t.true(largest > 0)
  t.true(largest <= 1_024, `${largest} events came in one call`)
})

test('secrets are masked in lines, result and command', async (t) => {
  const engine = testEngine(t)
  const events: ExecutionEvent[] = []
  const secret = 'hunter2-hunter2'
  const request = { ...exec(node('console.log(process.argv[1])', secret)), secrets: [secret] }
  const id = await engine.execute(request, (event) => events.push(event))
  const result = await engine.waitForCompletion(id)
  t.is(result.stdout, '***\n')
  t.false(JSON.stringify(events).includes(secret))
  t.false((await engine.readLogs(id)).includes(secret))
})
