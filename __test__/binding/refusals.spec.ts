import test, { type ExecutionContext } from 'ava'

import { ExecutionEngine, ExecutionEngineError, type ExecutionRequest, Masker } from '@escher/execution-engine'
import { testEngine } from '@escher/testing/engine'

const hollow = ['x']
hollow[2] = 'y'

const base = { command: { type: 'exec', program: 'true' } }

// What a program without types can pass.
const refused = async (t: ExecutionContext, request: unknown): Promise<ExecutionEngineError> => {
  const error = await t.throwsAsync(() => testEngine(t).execute(request as ExecutionRequest))
  if (!(error instanceof ExecutionEngineError)) throw error
  t.is(error.code, 'INVALID_REQUEST')
  t.true(error.message.includes(`\`${error.field}\``), error.message)
  return error
}

const isRefused = test.macro(async (t, request: unknown, field: string, value?: string | RegExp) => {
  const error = await refused(t, request)
  t.is(error.field, field)
  if (typeof value === 'string') t.is(error.value, value)
  else if (value !== undefined) t.regex(error.message, value)
})

for (const [name, value] of Object.entries({
  NaN: Number.NaN,
  '-1': -1,
  '1.5': 1.5,
  Infinity: Number.POSITIVE_INFINITY,
  '2 ** 53': 2 ** 53,
  '1e300': 1e300,
})) {
  test(`${name} milliseconds are refused`, isRefused, { ...base, timeoutMs: value }, 'timeoutMs')
  test(`${name} bytes are refused`, isRefused, { ...base, maxOutputSizeBytes: value }, 'maxOutputSizeBytes')
  test(`${name} executions are refused`, (t) => {
    const error = t.throws(() => new ExecutionEngine({ maxConcurrentExecutions: value }))
    t.true(error instanceof ExecutionEngineError)
    t.is((error as ExecutionEngineError).code, 'INVALID_CONFIG')
    t.is((error as ExecutionEngineError).field, 'maxConcurrentExecutions')
  })
}

test('a number as text is refused', isRefused, { ...base, timeoutMs: '100' }, 'timeoutMs', '"100"')
test('a BigInt is refused', isRefused, { ...base, timeoutMs: 100n }, 'timeoutMs', '100')
test(
  'a timeout above the maximum is refused, with the maximum',
  isRefused,
  { ...base, timeoutMs: 600_001 },
  'timeoutMs',
  /600000/,
)
test(
  'an unknown option is refused, with the one that was meant',
  isRefused,
  { ...base, timeout: 5 },
  'timeout',
  /`timeoutMs`/,
)
test(
  'a name in the other spelling is recognised',
  isRefused,
  { ...base, working_dir: '/' },
  'working_dir',
  /`workingDir`/,
)
test(
  'an unknown field of a command is refused',
  isRefused,
  { command: { type: 'exec', program: 'a', arg: [] } },
  'command.arg',
  /`args`/,
)
test('an unknown field of metadata is refused', isRefused, { ...base, metadata: { sources: 'a' } }, 'metadata.sources')
test(
  'an unknown command type is refused, with the known ones',
  isRefused,
  { command: { type: 'magic' } },
  'command.type',
  /'aws_cli'/,
)
test(
  'a field of another command type is refused',
  isRefused,
  { command: { type: 'shell', command: 'a', args: [] } },
  'command.args',
)
test('a missing command is refused', isRefused, {}, 'command', 'missing')
test('a missing program is refused', isRefused, { command: { type: 'exec' } }, 'command.program', 'missing')
test('an empty program is refused', isRefused, { command: { type: 'exec', program: '' } }, 'command.program')
test('a request that is no object is refused', isRefused, 'ls', 'request', '"ls"')
test('no request is refused', isRefused, undefined, 'request')
test(
  'arguments as one text are refused',
  isRefused,
  { command: { type: 'exec', program: 'a', args: '-l' } },
  'command.args',
  '"-l"',
)
test(
  'a number among the arguments is refused',
  isRefused,
  { command: { type: 'exec', program: 'a', args: ['x', 1] } },
  'command.args[1]',
  '1',
)
test(
  'a hole among the arguments is refused',
  isRefused,
  { command: { type: 'exec', program: 'a', args: hollow } },
  'command.args[1]',
)
test(
  'a NUL in an argument is refused',
  isRefused,
  { command: { type: 'exec', program: 'a', args: ['a\0b'] } },
  'command.args[0]',
  /byte 1/,
)
test(
  'half a surrogate pair is refused',
  isRefused,
  { command: { type: 'exec', program: 'a', args: ['\uD83D'] } },
  'command.args[0]',
  /surrogate/,
)
test('a NUL in a variable is refused', isRefused, { ...base, env: { A: 'a\0b' } }, 'env.A')
test('a variable that is a number is refused', isRefused, { ...base, env: { A: 1 } }, 'env.A', '1')
test('a name with an equals sign is refused', isRefused, { ...base, env: { 'A=B': 'c' } }, 'env')
test('an id that is no UUID is refused', isRefused, { ...base, id: 'mine' }, 'id', '"mine"')
test(
  'an unknown strategy is refused, with the one that was meant',
  isRefused,
  { ...base, oversizedOutput: 'truncate' },
  'oversizedOutput',
  /truncate_with_warning/,
)
test('stdin as a number is refused', isRefused, { ...base, stdin: 1 }, 'stdin')
test('inheritEnv as a text is refused', isRefused, { ...base, inheritEnv: 'PATH' }, 'inheritEnv')

test('undefined is as good as left out', async (t) => {
  const engine = testEngine(t, { logging: undefined, secrets: undefined, oversizedOutput: undefined })
  const id = await engine.execute({
    command: { type: 'exec', program: 'true', args: undefined },
    timeoutMs: undefined,
    env: undefined,
  })
  t.is((await engine.waitForCompletion(id)).status, 'completed')
  const { stdout } = await engine.run('sh', ['-c', 'echo "$A$B"'], {
    env: { ...process.env, A: 'a', B: undefined },
    signal: undefined,
    stdin: undefined,
  })
  t.is(stdout, 'a\n')
})

test('a secret is not shown when something else is refused', async (t) => {
  const error = await refused(t, { ...base, workingDir: '/a\0/hunter2', secrets: ['hunter2'] })
  t.false(error.message.includes('hunter2'))
  const other = await refused(t, { command: { type: 'shell', command: ['hunter2'] }, secrets: ['hunter2'] })
  t.false(other.message.includes('hunter2'))
  const third = await refused(t, { ...base, oversizedOutput: 'hunter2', secrets: ['hunter2'] })
  t.false(third.message.includes('hunter2'))
})

test('nor is a secret of the engine, one that begins like another, one that is quoted or one that is cut', async (t) => {
  const engine = testEngine(t, { secrets: ['swordfish'] })
  const refusal = async (value: string, secrets: readonly string[] = []): Promise<string> => {
    const request = { ...base, oversizedOutput: value, secrets } as unknown as ExecutionRequest
    return String((await t.throwsAsync(() => engine.execute(request)))?.message)
  }
  t.false((await refusal('a swordfish here')).includes('swordfish'))
  t.regex(await refusal('pass-word-long', ['pass', 'pass-word-long']), /is "\*\*\*":/)
  t.false((await refusal('a "quoted" one', ['"quoted"'])).includes('quoted'))
  t.false((await refusal(`${'x'.repeat(195)}swordfish`)).includes('sword'))
  t.false((await refusal('$(.*)', ['$(.*)'])).includes('$('))
})

test('no refusal shows a secret of the engine, wherever it was given by mistake', async (t) => {
  const engine = testEngine(t, { secrets: ['hunter2', '1234567'] })
  const running = engine.run('true')
  const given: Record<string, () => unknown> = {
    'an id for run': () => engine.run('true', [], { id: 'hunter2' }),
    'an id for execute': () => engine.execute({ ...base, id: 'hunter2' } as ExecutionRequest),
    'a request': () => engine.execute('hunter2' as never),
    'a listener': () => engine.execute(base as ExecutionRequest, 'hunter2' as never),
    'an option of run': () => engine.run('true', [], { hunter2: 1 } as never),
    'options of run': () => engine.run('true', [], 'hunter2' as never),
    'second options': () => engine.run('true', {} as never, 'hunter2' as never),
    'a number': () => engine.run('true', [], { workingDir: 1_234_567 as never }),
    'an option of a handle': () => running.cancel({ hunter2: 1 } as never),
    getStatus: () => engine.getStatus('hunter2'),
    getResult: () => engine.getResult('hunter2'),
    getSummary: () => engine.getSummary('hunter2'),
    waitForCompletion: () => engine.waitForCompletion('hunter2'),
    cancel: () => engine.cancel('hunter2'),
    'an option of cancel': () => engine.cancel(running.id, { hunter2: true } as never),
    'options of cancel': () => engine.cancel(running.id, 'hunter2' as never),
    writeStdin: () => engine.writeStdin('hunter2', ''),
    'a number to write': () => engine.writeStdin(running.id, 1_234_567 as never),
    closeStdin: () => engine.closeStdin('hunter2'),
    readLogs: () => engine.readLogs('hunter2'),
    'records of readLogs': () => engine.readLogs('hunter2', { format: 'records' }),
    'a format': () => engine.readLogs(running.id, { format: 'hunter2' as never }),
    'a status': () => engine.listExecutions({ status: 'hunter2' as never }),
    'an option of recover': () => engine.recover({ hunter2: true } as never),
  }
  for (const [name, call] of Object.entries(given)) {
    const error = (await t.throwsAsync(async () => void (await call()), undefined, name)) as ExecutionEngineError
    t.is(error.code, 'INVALID_REQUEST', name)
    t.notRegex(`${error.message} ${error.field} ${error.value}`, /hunter2|1234567/, name)
  }
})

test('nor does the refusal of a configuration, or of secrets that are given wrongly', async (t) => {
  for (const config of [{ hunter2: 1 }, { logDir: 5, logging: 'hunter2' }, { oversizedOutput: 'hunter2' }]) {
    const error = t.throws(() => new ExecutionEngine({ ...config, secrets: ['hunter2'] } as never))
    t.false(error.message.includes('hunter2'), error.message)
  }
  for (const secrets of [['hunter2', 5], 'hunter2']) {
    const error = await refused(t, { ...base, id: 'hunter2', secrets })
    t.false(error.message.includes('hunter2'), error.message)
  }
  t.false((await refused(t, { ...base, secrets: [123_456] })).message.includes('123456'))
})

test('a secret is masked in a refusal as it is in output: overlapping with another, or encoded', async (t) => {
  const secrets = ['abcdef', 'defghi', 'p@ss word/1']
  const refusal = async (value: string): Promise<string | undefined> =>
    (await refused(t, { ...base, oversizedOutput: value, secrets })).value
  t.is(await refusal('abcdefghi'), '"***"')
  t.is(await refusal('a/p%40ss%20word%2F1'), '"a/***"')
  t.is(await refusal('Basic cEBzcyB3b3JkLzE='), '"Basic ***="')
})

test('a masker masks as the engine does', async (t) => {
  const secrets = ['abcdef', 'defghi', 'p@ss word/1']
  const text = 'abcdefghi, x-abcdef, p@ss word/1, p%40ss%20word%2F1, cEBzcyB3b3JkLzE=, nothing'
  const { stdout } = await testEngine(t).run('printf', ['%s', text], { secrets })
  t.is(new Masker(secrets).mask(text), stdout)
  t.is(stdout, '***, x-***, ***, ***, ***=, nothing')
  t.is(new Masker([]).mask(text), text)
  const error = t.throws(() => new Masker('abc' as never))
  t.is((error as ExecutionEngineError).field, 'secrets')
})

test('the masker of an engine masks its secrets and those it is given', (t) => {
  const engine = testEngine(t, { secrets: ['abcdef'] })
  t.is(engine.masker().mask('abcdef, defghi'), '***, defghi')
  t.is(engine.masker(['defghi']).mask('abcdefghi, defghi'), '***, ***')
  const error = t.throws(() => engine.masker('hunter2' as never)) as ExecutionEngineError
  t.deepEqual([error.code, error.field], ['INVALID_REQUEST', 'secrets'])
  t.false(`${error.message} ${error.value}`.includes('hunter2'))
})

test('an engine shows its configuration without its secrets', (t) => {
  const { config } = testEngine(t, { maxTimeoutMs: 7_200_000, retainOutput: 'tail', secrets: ['hunter2'] })
  t.is(config.maxTimeoutMs, 7_200_000)
  t.is(config.retainOutput, 'tail')
  t.is(config.defaultTimeoutMs, 120_000)
  t.is(config.maxQueuedExecutions, 10_000)
  t.true(Object.isFrozen(config))
  t.false('secrets' in config || JSON.stringify(config).includes('hunter2'))
  t.is(new ExecutionEngine().config.logDir, null)
})

test('a secret of one character is refused without being shown', async (t) => {
  const error = await refused(t, { ...base, secrets: ['~'] })
  t.is(error.field, 'secrets[0]')
  t.false(error.message.includes('~'))
})

test('a listener that is no function is refused', async (t) => {
  const error = await t.throwsAsync(() => testEngine(t).execute(base as ExecutionRequest, 'log' as never))
  t.is((error as ExecutionEngineError).field, 'onEvent')
})

test('an unknown setting is refused, with the one that was meant', (t) => {
  const error = t.throws(() => new ExecutionEngine({ maxConcurrency: 1 } as never))
  t.is((error as ExecutionEngineError).code, 'INVALID_CONFIG')
  t.is((error as ExecutionEngineError).field, 'maxConcurrency')
  t.regex(error.message, /`maxConcurrentExecutions`/)
})

test('a setting out of its range is refused, with the range', (t) => {
  const error = t.throws(() => new ExecutionEngine({ maxLogFiles: 1 }))
  t.regex(error.message, /`maxLogFiles` is 1: allowed is a whole number from 2/)
})

test('other calls name the refused value, too', async (t) => {
  const engine = testEngine(t)
  const fieldOf = async (call: () => unknown) =>
    ((await t.throwsAsync(async () => await call())) as ExecutionEngineError).field
  t.is(await fieldOf(() => engine.getStatus('mine')), 'id')
  t.is(await fieldOf(() => engine.getStatus(5 as never)), 'id')
  t.is(await fieldOf(() => engine.listExecutions({ status: 'done' as never })), 'status')
  t.is(await fieldOf(() => engine.readLogs('mine', { format: 'xml' } as never)), 'format')
  t.is(((await t.throwsAsync(() => engine.recover({ stop: true } as never))) as ExecutionEngineError).field, 'stop')
  t.is(
    ((await t.throwsAsync(() => engine.run('true', [], { signal: 5 as never }).result)) as ExecutionEngineError).field,
    'signal',
  )
})

test('an error of this package is recognised across realms', (t) => {
  const error = t.throws(() => new ExecutionEngine({ maxLogFiles: 1 }))
  const mark = Object.getOwnPropertySymbols(error).find((symbol) => Symbol.keyFor(symbol) !== undefined)
  t.true({ [mark!]: true } instanceof ExecutionEngineError)
  t.false(new Error('other') instanceof ExecutionEngineError)
})
