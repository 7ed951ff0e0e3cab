import { randomUUID } from 'node:crypto'

import test from 'ava'

import { ExecutionEngine, ExecutionEngineError } from '@escher/execution-engine'
import { forever, node, testEngine } from '@escher/testing/engine'
import { exec } from '@escher/testing/recorder'

const codeOf = (error: unknown) => (error instanceof ExecutionEngineError ? error.code : String(error))

test('an execution is followed by its id through its life', async (t) => {
  const engine = testEngine(t)
  const id = await engine.execute(exec(forever))
  t.is(engine.getResult(id), null)
  await engine.cancel(id)
  const result = await engine.waitForCompletion(id)
  t.is(engine.getStatus(id), 'cancelled')
  t.deepEqual(engine.getResult(id), result)
  t.deepEqual(await engine.waitForCompletion(id), result)
})

test('cancel is idempotent', async (t) => {
  const engine = testEngine(t)
  const id = await engine.execute(exec(forever))
  t.true(await engine.cancel(id))
  await engine.waitForCompletion(id)
  t.false(await engine.cancel(id))
})

test('executions are listed in the order in which they were accepted, by status if wanted', async (t) => {
  const engine = testEngine(t)
  const first = await engine.run(...node(''), { metadata: { source: 'first' } })
  const second = engine.run(...forever)
  t.deepEqual(
    engine.listExecutions().map(({ id }) => id),
    [first.id, second.id],
  )
  const [row] = engine.listExecutions({ status: 'completed' })
  t.is(row?.id, first.id)
  t.is(row?.commandType, 'exec')
  t.is(row?.exitCode, 0)
  t.deepEqual(row?.metadata, { source: 'first' })
  t.deepEqual(engine.listExecutions({ status: 'timeout' }), [])
  t.is(engine.getSummary(second.id).completedAt, null)
})

test('an unknown id is refused everywhere, by code', async (t) => {
  const engine = testEngine(t)
  const id = randomUUID()
  const asked: (() => unknown)[] = [
    () => engine.getStatus(id),
    () => engine.getResult(id),
    () => engine.getSummary(id),
    () => engine.waitForCompletion(id),
    () => engine.cancel(id),
    () => engine.readLogs(id),
    () => engine.readLogs(id, { format: 'records' })[Symbol.asyncIterator]().next(),
  ]
  for (const ask of asked) {
    const error = await (async () => ask())().catch((thrown: unknown) => thrown)
    t.is(codeOf(error), 'NOT_FOUND', String(ask))
  }
})

test('an id of one’s own is taken, and taken once', async (t) => {
  const engine = testEngine(t)
  const id = randomUUID()
  t.is(await engine.execute({ ...exec(node('')), id }), id)
  t.is(codeOf(await t.throwsAsync(() => engine.execute({ ...exec(node('')), id }))), 'DUPLICATE_ID')
  t.is(codeOf(await t.throwsAsync(() => engine.run(...node(''), { id }).result)), 'DUPLICATE_ID')
})

test('a full queue is an error at once', async (t) => {
  const engine = testEngine(t, { maxConcurrentExecutions: 1, maxQueuedExecutions: 1 })
  await engine.execute(exec(forever))
  await engine.execute(exec(forever))
  t.is(codeOf(await t.throwsAsync(() => engine.execute(exec(forever)))), 'QUEUE_FULL')
})

test('after shutdown nothing is accepted, and everything has ended', async (t) => {
  const engine = testEngine(t)
  const running = engine.run(...forever)
  const events: string[] = []
  await engine.execute(exec(forever), (event) => events.push(event.type))
  await engine.shutdown()
  t.is((await running).status, 'cancelled')
  t.is(events.at(-1), 'cancelled')
  t.deepEqual(engine.listExecutions({ status: 'running' }), [])
  t.is(codeOf(await t.throwsAsync(() => engine.execute(exec(node(''))))), 'SHUT_DOWN')
  await engine.shutdown()
})

test('an engine can be disposed of', async (t) => {
  const engine = new ExecutionEngine({ logging: false, killGraceMs: 100 })
  const running = engine.run(...forever)
  await engine[Symbol.asyncDispose]()
  t.is((await running).status, 'cancelled')
})

test('a log is read as text and as records', async (t) => {
  const engine = testEngine(t)
  const { id, logPath } = await engine.run(...node('console.log("out"); console.error("err")'))
  t.truthy(logPath)
  const text = await engine.readLogs(id)
  t.regex(text, /^#execlog\/1 /)
  t.regex(text, /\n#end \{/)
  const seen: string[] = []
  for await (const record of engine.readLogs(id, { format: 'records' })) {
    t.is(typeof record.timestamp, 'string')
    if (record.type === 'output') {
      t.is(record.bytes.toString(), record.text)
      seen.push(`${record.stream}:${record.text}`)
    }
  }
  t.deepEqual(seen.toSorted(), ['stderr:err', 'stdout:out'])
})

test('records of a long log come page by page', async (t) => {
  const engine = testEngine(t)
  const { id } = await engine.run(...node('for (let i = 0; i < 3_000; i += 1) console.log(i)'))
  let next = 0
  for await (const record of engine.readLogs(id, { format: 'records' })) {
    if (record.type === 'output') t.is(record.text, String(next++))
  }
  t.is(next, 3_000)
})

test('metrics count', async (t) => {
  const engine = testEngine(t, { maxConcurrentExecutions: 1 })
  t.deepEqual({ ...engine.metrics(), logDir: null }, { pending: 0, running: 0, finished: 0, logDir: null })
  await engine.run(...node(''))
  const { finished, logDir } = engine.metrics()
  t.is(finished, 1)
  t.is(typeof logDir, 'string')
})

test('cleanup removes executions and logs beyond their retention', async (t) => {
  const engine = testEngine(t, { executionRetentionSecs: 0 })
  const { id } = await engine.run(...node(''))
  await engine.cleanup()
  t.is(codeOf(t.throws(() => engine.getStatus(id))), 'NOT_FOUND')
})

test('there is nothing to recover in a new folder', async (t) => {
  t.deepEqual(await testEngine(t).recover(), [])
})

test('without logging there is no log', async (t) => {
  const engine = testEngine(t, { logging: false })
  const { id, logPath } = await engine.run(...node(''))
  t.is(logPath, null)
  t.is(codeOf(await t.throwsAsync(() => engine.readLogs(id))), 'LOG_UNREADABLE')
})

test('an id is the same in every spelling of a UUID', async (t) => {
  const engine = testEngine(t)
  const id = randomUUID()
  const spellings = [id.toUpperCase(), `{${id}}`, `urn:uuid:${id}`, id.replaceAll('-', '')]
  t.is(await engine.execute({ ...exec(forever), id: id.toUpperCase() }), id)
  for (const spelling of spellings) {
    // Live, it may not have a log yet.
    t.is(typeof (await engine.readLogs(spelling)), 'string')
    t.is(engine.getSummary(spelling).id, id)
  }
  const ended = engine.waitForCompletion(id.toUpperCase())
  t.true(await engine.cancel(id.toUpperCase()))
  t.is((await ended).status, 'cancelled')
  for (const spelling of spellings) t.is((await engine.waitForCompletion(spelling)).id, id)
})
