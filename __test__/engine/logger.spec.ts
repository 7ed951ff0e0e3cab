// What a logger is given: each turn of an execution's life, as data, and nothing that is secret.

import test from 'ava'

import { ExecutionEngineError, type ExecutionEvent, type LogEntry, setLogger } from '@escher/execution-engine'
import { testEngine, temporaryFolder } from '@escher/testing/engine'
import { runHost } from '@escher/testing/host'
import { until } from '@escher/testing/wait'

// One logger per thread: those that set it take turns.
test.afterEach.always(() => setLogger('off'))

const messages = (entries: readonly LogEntry[], id: string): string[] =>
  entries.filter(({ executionId }) => executionId === id).map(({ message }) => message)

const life = ['accepted', 'started', 'exited', 'drained', 'ended']

test.serial('a logger gets each turn of an execution’s life, in order, as data', async (t) => {
  const engine = testEngine(t)
  const entries: LogEntry[] = []
  setLogger('debug', (entry) => entries.push(entry))
  let pid: number | undefined
  const onEvent = (event: ExecutionEvent): void => {
    if (event.type === 'started') ({ pid } = event)
  }
  const { id, status } = await engine.run({ type: 'shell', command: 'echo hello' }, { onEvent })
  await until(() => messages(entries, id).includes('ended'))
  t.deepEqual(messages(entries, id), life)
  const started = entries.find(({ executionId, message }) => executionId === id && message === 'started')
  t.like(started, { level: 'debug', target: 'execution_engine', fields: { kind: 'shell', pid } })
  t.regex(started?.timestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  const ended = entries.find(({ executionId, message }) => executionId === id && message === 'ended')
  t.like(ended?.fields, { status })
})

test.serial('a level leaves out less severe entries, and `off` all of them', async (t) => {
  const engine = testEngine(t)
  const entries: LogEntry[] = []
  const keep = (entry: LogEntry) => entries.push(entry)
  setLogger('warn', keep)
  await engine.run('echo', ['quiet'])
  setLogger('trace', keep)
  const { id } = await engine.run('echo', ['loud'])
  await until(() => messages(entries, id).includes('ended'))
  t.true(messages(entries, id).includes('read'))
  t.deepEqual([...new Set(entries.map(({ executionId }) => executionId))], [id])
  setLogger('off')
  const count = entries.length
  await engine.run('echo', ['silent'])
  // The next logger gets what comes after it, and the last one nothing more.
  const later: LogEntry[] = []
  setLogger('debug', (entry) => later.push(entry))
  const next = await engine.run('echo')
  await until(() => messages(later, next.id).includes('ended'))
  t.is(entries.length, count)
  t.deepEqual([...new Set(later.map(({ executionId }) => executionId))], [next.id])
})

test.serial('secrets never reach a logger', async (t) => {
  const engine = testEngine(t)
  const entries: LogEntry[] = []
  setLogger('trace', (entry) => entries.push(entry))
  const secrets = ['hunter2-hunter2']
  await engine.run({ type: 'shell', command: 'echo hunter2-hunter2; exit 3' }, { secrets })
  const { id } = await engine.run('/nowhere/hunter2-hunter2', [], { secrets })
  await until(() => messages(entries, id).includes('ended'))
  const everything = JSON.stringify(entries)
  t.true(everything.includes('***'))
  t.false(everything.includes('hunter2'))
})

test('a refused level or callback is named, with the allowed values', (t) => {
  const refused = (call: () => void): ExecutionEngineError | undefined =>
    t.throws(call, { instanceOf: ExecutionEngineError, code: 'INVALID_CONFIG' })
  // @ts-expect-error: no such level
  const typo = refused(() => setLogger('debgu', () => {}))
  t.is(typo?.field, 'level')
  t.regex(typo?.message ?? '', /"debgu": did you mean `debug`\?.*'error', 'warn', 'info', 'debug', 'trace'/)
  // @ts-expect-error: another library's name
  t.regex(refused(() => setLogger('silent', () => {}))?.message ?? '', /did you mean `off`\?/)
  // @ts-expect-error: no string
  t.is(refused(() => setLogger(3, () => {}))?.field, 'level')
  // @ts-expect-error: no callback
  t.is(refused(() => setLogger('info'))?.field, 'callback')
  // @ts-expect-error: no function
  t.is(refused(() => setLogger('info', 'console'))?.field, 'callback')
})

const importLogger = "import { setLogger } from '@escher/execution-engine'"

test('an exception of a logger is an uncaught exception, and later entries still arrive', async (t) => {
  const { code, sent, stderr } = await runHost(
    `${importLogger}
    const seen = []
    process.on('uncaughtException', (error) => send(error.message))
    setLogger('debug', ({ message }) => { seen.push(message); if (seen.length === 1) throw new Error('mine') })
    const engine = new ExecutionEngine({ logDir })
    await engine.run('echo')
    process.on('exit', () => send(seen.includes('ended')))
    `,
    temporaryFolder(t),
  )
  t.is(stderr, '')
  t.deepEqual(sent, ['mine', true])
  t.is(code, 0)
})

test('a logger that is busy costs no execution, and learns how many entries it missed', async (t) => {
  const { code, sent } = await runHost(
    `${importLogger}
    const engine = new ExecutionEngine({ logDir, logging: false, maxQueuedExecutions: 10_000 })
    let count = 0
    let dropped = 0
    setLogger('debug', ({ message, fields }) => {
      count += 1
      if (message === 'log entries were dropped') dropped += fields.count
    })
    const given = []
    // At least one entry each, while this thread is busy.
    for (let index = 0; index < 4_500; index += 1) given.push(engine.run('/nowhere/program'))
    const results = await Promise.all(given)
    send(results.every(({ status }) => status === 'failed'))
    process.on('exit', () => send([dropped > 0, count >= 4_096]))
    `,
    temporaryFolder(t),
  )
  t.deepEqual(sent, [true, [true, true]])
  t.is(code, 0)
})

test('a worker thread has a logger of its own, and takes it along when it ends', async (t) => {
  const worker = `
    import { parentPort, workerData as logDir } from 'node:worker_threads'
    import { ExecutionEngine, setLogger } from '@escher/execution-engine'
    setLogger('debug', ({ message }) => { if (message === 'ended') parentPort.postMessage('ended') })
    await new ExecutionEngine({ logDir }).run('echo')
    parentPort.on('message', () => {})
  `
  const { code, sent, stderr } = await runHost(
    `${importLogger}
    import { Worker } from 'node:worker_threads'
    import { once } from 'node:events'
    const start = () => new Worker(${JSON.stringify(worker)}, { eval: true, workerData: logDir })
    const first = start()
    send((await once(first, 'message'))[0])
    await first.terminate()
    const engine = new ExecutionEngine({ logDir })
    send((await engine.run('echo', ['on'])).stdout)
    const seen = []
    setLogger('info', () => {})
    setLogger('debug', ({ message }) => seen.push(message))
    const second = start()
    await once(second, 'message')
    await second.terminate()
    process.on('exit', () => send(seen.includes('ended')))
    `,
    temporaryFolder(t),
  )
  t.is(stderr, '')
  t.deepEqual(sent, ['ended', 'on\n', true])
  t.is(code, 0)
})

/** Runs a program with `ESCHER_LOG`, set before it loads the engine. */
const withVariable = async (t: Parameters<typeof temporaryFolder>[0], value: string, code: string) =>
  runHost(
    `
    const { spawnSync } = require('node:child_process')
    const env = { ...process.env, ESCHER_LOG: ${JSON.stringify(value)} }
    const source = ${JSON.stringify(code)}
    const args = ['--input-type=module', '-e', source, logDir]
    const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
    send({ status, lines: stderr.trimEnd().split('\\n') })
    `,
    temporaryFolder(t),
  )

interface Printed {
  status: number
  lines: string[]
}

const run = `
  import { ExecutionEngine } from '@escher/execution-engine'
  const engine = new ExecutionEngine({ logDir: process.argv[1] })
  const { id } = await engine.run({ type: 'shell', command: 'exit 3' })
`

test('ESCHER_LOG prints each entry as a line to standard error, to the last, and the process ends by itself', async (t) => {
  const { sent } = await withVariable(t, 'debug', run)
  const { status, lines } = sent[0] as Printed
  t.is(status, 0)
  const [, id] = / id=(\S+)/.exec(lines[0] ?? '') ?? []
  const own = lines.filter((line) => line.includes(` id=${id} `))
  t.deepEqual(
    own.map((line) => line.split(' ').filter(Boolean)[3]),
    life,
  )
  const [, started = ''] = own
  t.regex(started, /^\d{4}-\d\d-\d\dT[\d:.]+Z DEBUG execution_engine started id=[\da-f-]{36} .*pid=\d+/)
})

test('ESCHER_LOG and a logger both get entries, each from its own level on', async (t) => {
  const { sent } = await withVariable(
    t,
    'DEBUG',
    `
    import { setLogger } from '@escher/execution-engine'
    let count = 0
    setLogger('trace', () => { count += 1 })
    ${run}
    setLogger('off')
    if (count === 0) process.exitCode = 5
    await engine.run('echo')
    `,
  )
  const { status, lines } = sent[0] as Printed
  t.is(status, 0)
  t.is(lines.filter((line) => line.includes(' ended ')).length, 2)
  t.false(lines.some((line) => line.includes('TRACE')))
})

test('ESCHER_LOG prints each entry once, even if several threads have loaded the engine', async (t) => {
  const { sent } = await withVariable(
    t,
    'debug',
    `
    import { Worker } from 'node:worker_threads'
    import { once } from 'node:events'
    ${run}
    const source = "import { ExecutionEngine } from '@escher/execution-engine'; " +
      "import { workerData as logDir } from 'node:worker_threads'; await new ExecutionEngine({ logDir }).run('echo')"
    await once(new Worker(source, { eval: true, workerData: process.argv[1] }), 'exit')
    await engine.run('echo')
    `,
  )
  const { status, lines } = sent[0] as Printed
  t.is(status, 0)
  t.is(lines.filter((line) => line.includes(' accepted ')).length, 3)
})

test('a value of ESCHER_LOG that is no level is ignored, with one warning', async (t) => {
  const { sent } = await withVariable(t, 'debgu', run)
  const { status, lines } = sent[0] as Printed
  t.is(status, 0)
  const warnings = lines.filter((line) => line.includes('ESCHER_LOG=debgu is ignored: did you mean `debug`?'))
  t.is(warnings.length, 1)
  t.false(lines.some((line) => line.includes('execution_engine')))
})
