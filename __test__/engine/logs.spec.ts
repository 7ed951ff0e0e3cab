// Logs: written while it runs, read as text or as records.

import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import test from 'ava'

import { ExecutionEngineError, type LogRecord } from '@escher/execution-engine'
import { forever, temporaryFolder, testEngine } from '@escher/testing/engine'
import { errorOf, exec, Recorder, sh } from '@escher/testing/recorder'
import { startProgram } from '@escher/testing/program'
import { until } from '@escher/testing/wait'

const all = async (records: AsyncIterable<LogRecord>): Promise<LogRecord[]> => {
  const kept: LogRecord[] = []
  for await (const record of records) kept.push(record)
  return kept
}

const texts = (records: LogRecord[], stream: string) =>
  records.flatMap((record) => (record.type === 'output' && record.stream === stream ? [record.text] : []))

test('the text of a log has a header, every line and a footer', async (t) => {
  const engine = await testEngine(t)
  const result = await engine.run(sh('echo one; echo two >&2; exit 2').command)
  const text = await engine.readLogs(result.id)
  t.regex(text, /^#execlog\/1 \{/)
  t.regex(text, /^\S+Z O {2}one$/m)
  t.regex(text, /^\S+Z E {2}two$/m)
  t.regex(text, /^#end \{.*"failed".*\}$/m)
  t.is(await engine.readLogs(result.id, { format: 'text' }), text)
  t.is(await engine.readLogs(result.id, {}), text)
})

test('records are parsed, with the bytes as they were written', async (t) => {
  const engine = await testEngine(t)
  const { id } = await engine.run(sh(`printf 'one\\n\\377\\n'; echo two >&2`).command)
  const records = await all(engine.readLogs(id, { format: 'records' }))
  t.deepEqual(texts(records, 'stdout'), ['one', '\uFFFD'])
  t.deepEqual(texts(records, 'stderr'), ['two'])
  const invalid = records.find((record) => record.type === 'output' && record.text === '\uFFFD')
  t.true(invalid?.type === 'output' && invalid.bytes[0] === 0xff)
  t.true(records.every(({ timestamp }) => !Number.isNaN(Date.parse(timestamp))))
})

test('records are read as they are asked for: leaving early is fine, and a second reading begins anew', async (t) => {
  const engine = await testEngine(t)
  const { id } = await engine.run(sh('seq 5000').command)
  const seen: string[] = []
  for await (const record of engine.readLogs(id, { format: 'records' })) {
    if (record.type === 'output') seen.push(record.text)
    if (seen.length === 3) break
  }
  t.deepEqual(seen, ['1', '2', '3'])
  const every = texts(await all(engine.readLogs(id, { format: 'records' })), 'stdout')
  t.deepEqual([every.length, every.at(-1)], [5000, '5000'])
})

test('follow gives records while it runs, and ends when it ends', async (t) => {
  const engine = await testEngine(t)
  const recorder = new Recorder()
  const id = await engine.execute(sh('echo one; read go; echo two', { stdin: 'pipe' }), recorder.listener)
  await recorder.line('one')
  const seen: string[] = []
  for await (const record of engine.readLogs(id, { format: 'records', follow: true })) {
    if (record.type !== 'output') continue
    seen.push(record.text)
    if (record.text === 'one') {
      t.is(engine.getStatus(id), 'running')
      await engine.writeStdin(id, 'go\n')
    }
  }
  t.deepEqual(seen, ['one', 'two'])
  t.is((await engine.waitForCompletion(id)).status, 'completed')
})

test('a queued execution has an empty log, and its followers wait', async (t) => {
  const engine = await testEngine(t, { maxConcurrentExecutions: 1 })
  const first = await engine.execute(sh('read go', { stdin: 'pipe' }))
  const id = await engine.execute(sh('echo one'))
  t.is(await engine.readLogs(id), '')
  t.deepEqual(await all(engine.readLogs(id, { format: 'records' })), [])
  const followed = all(engine.readLogs(id, { format: 'records', follow: true }))
  await engine.closeStdin(first)
  t.deepEqual(texts(await followed, 'stdout'), ['one'])
})

test('without follow, the records of a running execution end where its log ends now', async (t) => {
  const engine = await testEngine(t)
  const recorder = new Recorder()
  const id = await engine.execute(sh('read go', { stdin: 'pipe' }), recorder.listener)
  await recorder.pid()
  t.deepEqual(texts(await all(engine.readLogs(id, { format: 'records' })), 'stdout'), [])
  await engine.closeStdin(id)
})

test('a follower can be ended while it waits', async (t) => {
  const engine = await testEngine(t)
  const recorder = new Recorder()
  const id = await engine.execute(sh('echo one; read go', { stdin: 'pipe' }), recorder.listener)
  await recorder.line('one')
  const records = engine.readLogs(id, { format: 'records', follow: true })[Symbol.asyncIterator]()
  t.false((await records.next()).done)
  const next = records.next()
  t.deepEqual(await records.return?.(), { done: true, value: undefined })
  t.deepEqual(await next, { done: true, value: undefined })
  t.is(engine.getStatus(id), 'running')
  await engine.closeStdin(id)
})

test('a program that only follows a log sees its end before it ends itself', async (t) => {
  const program = join(import.meta.dirname, '../fixtures/follow-log.mjs')
  const { code, stdout, stderr } = await startProgram(t, [program, temporaryFolder(t)]).ended
  t.is(code, 0, stderr)
  t.is(stdout, 'one\ntwo\nfollowed to the end\n')
})

test('a large log is rotated: the first and the newest parts are kept, and dropped ones are reported', async (t) => {
  const logDir = await temporaryFolder(t)
  const engine = await testEngine(t, { logDir, maxLogSizeBytes: 4096, maxLogFiles: 3 })
  const { id, logPath } = await engine.run(sh('seq 2000').command)
  const parts = (await readdir(logDir)).filter((name) => name.startsWith(id) && name.endsWith('.log'))
  t.is(parts.length, 3)
  t.true(parts.includes(`${id}.log`))
  t.true(logPath?.endsWith(`${id}.log`))

  const records = await all(engine.readLogs(id, { format: 'records' }))
  const kept = texts(records, 'stdout')
  t.is(kept[0], '1')
  t.is(kept.at(-1), '2000')
  t.true(kept.length < 2000)
  t.regex(await engine.readLogs(id), /^#end \{/m)
})

test('two engines on one folder read their own logs', async (t) => {
  const logDir = await temporaryFolder(t)
  const [one, two] = await Promise.all([testEngine(t, { logDir }), testEngine(t, { logDir })])
  const [first, second] = await Promise.all([one.run('echo', ['first']), two.run('echo', ['second'])])
  t.regex(await one.readLogs(first.id), /O {2}first$/m)
  t.regex(await two.readLogs(second.id), /O {2}second$/m)
})

test('without logging there is no file, and reading says so', async (t) => {
  const logDir = await temporaryFolder(t)
  const engine = await testEngine(t, { logDir, logging: false })
  const result = await engine.run('echo', ['one'])
  t.is(result.logPath, null)
  t.is(result.logError, null)
  t.deepEqual(await readdir(logDir), [])
  const error = await errorOf(() => engine.readLogs(result.id))
  t.true(error instanceof ExecutionEngineError && error.code === 'LOG_UNREADABLE')
  t.regex(String(error), /`logging` is off/)
})

test('the log of an unknown id is NOT_FOUND, as text and as records', async (t) => {
  const engine = await testEngine(t)
  const id = randomUUID()
  for (const work of [() => engine.readLogs(id), () => all(engine.readLogs(id, { format: 'records' }))]) {
    const error = await errorOf(work)
    t.true(error instanceof ExecutionEngineError)
    t.is(error instanceof ExecutionEngineError ? error.code : '', 'NOT_FOUND')
    t.true(error instanceof Error && error.message.includes(id))
  }
})

test('a folder that cannot be written stops no execution', async (t) => {
  const engine = await testEngine(t, { logDir: '/dev/null/logs' })
  const recorder = new Recorder()
  const result = await engine.waitForCompletion(await engine.execute(sh('echo one'), recorder.listener))
  t.like(result, { status: 'completed', stdout: 'one\n', logPath: null })
  t.truthy(result.logError)
  t.true(recorder.types.includes('warning'))
})

test('with follow another engine’s execution is read to its end', async (t) => {
  const logDir = temporaryFolder(t)
  const owner = testEngine(t, { logDir })
  const recorder = new Recorder()
  const id = await owner.execute(sh('echo 1; read go; echo 2', { stdin: 'pipe' }), recorder.listener)
  await recorder.line('1')
  const reading = all(testEngine(t, { logDir }).readLogs(id, { format: 'records', follow: true }))
  await owner.closeStdin(id)
  t.deepEqual(texts(await reading, 'stdout'), ['1', '2'])
})

test('the logs in a folder are listed: finished ones and running ones, of any program', async (t) => {
  const logDir = temporaryFolder(t)
  const owner = testEngine(t, { logDir })
  const other = testEngine(t, { logDir: join(logDir) })
  t.deepEqual(await other.listLogs(), [])
  const failed = await owner.run(sh('echo x; exit 4').command)
  const recorder = new Recorder()
  const id = await owner.execute(exec(forever), recorder.listener)
  await recorder.pid()
  await until(async () => (await other.listLogs()).length === 2)
  const [first, second] = await other.listLogs()
  t.like(first, { id: failed.id, state: 'ended', status: 'failed', exitCode: 4, signal: null, paths: [failed.logPath] })
  t.is(first?.startedAt, failed.startedAt)
  t.like(second, { id, state: 'running', command: 'sleep 1000000', status: null, exitCode: null, durationMs: null })
  await owner.cancel(id, { force: true })
  await owner.waitForCompletion(id)
  t.like((await other.listLogs())[1], { state: 'ended', status: 'cancelled', signal: 'SIGKILL' })
})
