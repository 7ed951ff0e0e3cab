import test from 'ava'

import { ExecutionEngineError, ExecutionError } from '@escher/execution-engine'
import { forever, node, temporaryFolder, testEngine } from '@escher/testing/engine'
import { runHost } from '@escher/testing/host'

test('a program that ends well is completed, with its output', async (t) => {
  const engine = testEngine(t)
  const result = await engine.run(...node('console.log("out"); console.error("err")'))
  t.is(result.status, 'completed')
  t.is(result.exitCode, 0)
  t.is(result.signal, null)
  t.is(result.stdout, 'out\n')
  t.is(result.stderr, 'err\n')
  t.is(result.stdoutBytes, 4)
  t.is(result.error, null)
  t.regex(result.completedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test('arguments arrive verbatim', async (t) => {
  const engine = testEngine(t)
  const args = ['', ' ', '"', "'", '$HOME', '`id`', '*', '\\', '\n', 'ä€𝄞', '%PATH%', '-n', '--', ';', '&&']
  const result = await engine.run(...node('console.log(JSON.stringify(process.argv.slice(1)))', '--', ...args))
  t.deepEqual(JSON.parse(result.stdout), args)
})

test('any other exit code is a failure, in the result and not thrown', async (t) => {
  const { status, exitCode, error } = await testEngine(t).run(...node('process.exit(3)'))
  t.is(status, 'failed')
  t.is(exitCode, 3)
  t.is(error?.code, 'NON_ZERO_EXIT')
})

test('a missing program is a failure, in the result and not thrown', async (t) => {
  const result = await testEngine(t).run('no-such-program-anywhere')
  t.is(result.status, 'failed')
  t.is(result.exitCode, null)
  t.is(result.error?.code, 'PROGRAM_NOT_FOUND')
  t.is(result.startedAt, null)
})

test('a command can be given as an object, with options beside it', async (t) => {
  const engine = testEngine(t)
  const result = await engine.run(
    { type: 'shell', command: 'echo "$WORD"' },
    { env: { WORD: 'hello' }, metadata: { source: 'test', tags: { a: 'b' } } },
  )
  t.is(result.stdout, 'hello\n')
  t.deepEqual(result.metadata, { source: 'test', tags: { a: 'b' } })
})

test('options may follow a program without arguments', async (t) => {
  const result = await testEngine(t).run(process.execPath, { stdin: { text: 'console.log(6 * 7)' } })
  t.is(result.stdout, '42\n')
})

test('null removes a variable from the environment', async (t) => {
  const code = 'console.log(JSON.stringify([process.env.PATH ?? null, process.env.A]))'
  const result = await testEngine(t).run(...node(code), { env: { PATH: null, A: 'b' } })
  t.deepEqual(JSON.parse(result.stdout), [null, 'b'])
})

test('the id is there at once, and a UUID v7', async (t) => {
  const engine = testEngine(t)
  const execution = engine.run(...node(''))
  t.regex(execution.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  t.is((await execution).id, execution.id)
})

test('an execution is found by its id in the turn in which it was made', async (t) => {
  const engine = testEngine(t)
  const execution = engine.run(...forever)
  t.true(['pending', 'running'].includes(engine.getStatus(execution.id)))
  t.is(engine.getResult(execution.id), null)
  t.is(engine.listExecutions().length, 1)
  t.true(await engine.cancel(execution.id))
  t.is((await execution).status, 'cancelled')
})

test('a timeout ends it', async (t) => {
  const result = await testEngine(t).run(...forever, { timeoutMs: 200 })
  t.is(result.status, 'timeout')
  t.is(result.error?.code, 'TIMEOUT')
})

test('cancel ends it, and says whether it was live', async (t) => {
  const execution = testEngine(t).run(...forever)
  t.true(await execution.cancel())
  t.is((await execution.result).status, 'cancelled')
  t.false(await execution.cancel())
})

test('an AbortSignal cancels it', async (t) => {
  const controller = new AbortController()
  const execution = testEngine(t).run(...forever, { signal: controller.signal })
  setTimeout(() => controller.abort(), 50)
  t.is((await execution).status, 'cancelled')
})

test('with a signal that is aborted already nothing is started', async (t) => {
  const engine = testEngine(t)
  const events: string[] = []
  const onEvent = ({ type }: { type: string }): number => events.push(type)
  const runs = Array.from({ length: 50 }, () => engine.run(...forever, { signal: AbortSignal.abort(), onEvent }))
  for (const { status, startedAt } of await Promise.all(runs)) {
    t.deepEqual([status, startedAt], ['cancelled', null])
  }
  t.true(events.every((type) => type === 'cancelled' || type === 'queued'))
})

test('a signal of another realm, whose class is another, cancels too', async (t) => {
  const own = AbortSignal.timeout(50)
  const foreign = {
    aborted: false,
    addEventListener: own.addEventListener.bind(own),
    removeEventListener: own.removeEventListener.bind(own),
  } as unknown as AbortSignal
  t.is((await testEngine(t).run(...forever, { signal: foreign })).status, 'cancelled')
})

test('disposing of the handle cancels it and waits', async (t) => {
  const engine = testEngine(t)
  const execution = engine.run(...forever, { reject: true })
  await execution[Symbol.asyncDispose]()
  t.is(engine.getStatus(execution.id), 'cancelled')
})

test('with reject, anything but completed rejects with the result', async (t) => {
  const engine = testEngine(t)
  const error = await t.throwsAsync(() => engine.run(...node('process.exit(7)'), { reject: true }).result)
  t.true(error instanceof ExecutionError)
  t.true(error instanceof Error)
  const { code, result } = error as ExecutionError
  t.is(code, 'NON_ZERO_EXIT')
  t.is(result.exitCode, 7)
  t.is(result.error?.message, (error as Error).message)
  t.is((await engine.run(...node(''), { reject: true })).status, 'completed')
})

test('a refused request rejects the promise of the handle', async (t) => {
  const execution = testEngine(t).run('', [])
  const error = await t.throwsAsync(() => execution.result)
  t.true(error instanceof ExecutionEngineError)
  t.is((error as ExecutionEngineError).code, 'INVALID_REQUEST')
  t.is((error as ExecutionEngineError).field, 'command.program')
  t.false(await execution.cancel())
})

test('then, catch and finally are those of its promise', async (t) => {
  const engine = testEngine(t)
  t.is(await engine.run(...node('')).then(({ status }) => status), 'completed')
  t.true((await engine.run('').catch((error: unknown) => error)) instanceof ExecutionEngineError)
  let calls = 0
  await engine.run(...node('')).finally(() => (calls += 1))
  t.is(calls, 1)
})

test('a refused request that is not awaited is an unhandled rejection; a failed execution is none', async (t) => {
  const { code, sent } = await runHost(
    `
    process.on('unhandledRejection', (error) => send([error.code, error.field]))
    const engine = new ExecutionEngine({ logDir })
    engine.run('ls', [], { cwd: '/' })
    engine.run({ type: 'shell', command: 'exit 3' }, { onEvent: ({ type }) => type === 'failed' && send(type) })
    `,
    temporaryFolder(t),
  )
  t.is(code, 0)
  t.deepEqual(sent, [['INVALID_REQUEST', 'cwd'], 'failed'])
})

test('with reject, a failed execution that is not awaited is an unhandled rejection', async (t) => {
  const { sent } = await runHost(
    `
    process.on('unhandledRejection', (error) => send(error.code))
    const engine = new ExecutionEngine({ logDir })
    engine.run({ type: 'shell', command: 'exit 3' }, { reject: true })
    for await (const line of engine.run({ type: 'shell', command: 'echo one' }, { reject: true })) send(line.text)
    `,
    temporaryFolder(t),
  )
  t.deepEqual(sent.toSorted(), ['NON_ZERO_EXIT', 'one'])
})

test('iterating a refused request throws its refusal', async (t) => {
  const lines = testEngine(t).run('')[Symbol.asyncIterator]()
  const error = await t.throwsAsync(() => lines.next())
  t.is((error as ExecutionEngineError).field, 'command.program')
})

// The kernel counts what the host ever had as the child's.
test('the memory of a large host is not reported as that of a small program', async (t) => {
  const { sent } = await runHost(
    `
    const ballast = Buffer.alloc(200 << 20, 1)
    const engine = new ExecutionEngine({ logDir, logging: false })
    const { resourceUsage } = await engine.run('true')
    send([resourceUsage.maxRssBytes, ballast.length])
    `,
    temporaryFolder(t),
  )
  t.deepEqual(sent, [[null, 200 << 20]])
})
