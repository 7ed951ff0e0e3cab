// What a program's own objects do while they are read: getters that throw, proxies, signals of other classes.
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { ExecutionEngine, ExecutionEngineError, type ExecutionResult, Masker } from '@escher/execution-engine'
import { temporaryFolder, testEngine } from '@escher/testing/engine'

const broken = (): never => {
  throw new RangeError('of my own')
}

const throwing = (name: string): object => Object.defineProperty({}, name, { enumerable: true, get: broken })

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const signals: Record<string, object> = {
  'whose addEventListener throws': { aborted: false, addEventListener: broken, removeEventListener: broken },
  'whose addEventListener is no function': { aborted: false, addEventListener: 1, removeEventListener: broken },
  'whose removeEventListener is none': { aborted: false, addEventListener: () => {} },
  'whose `aborted` is no boolean': { aborted: 'no', addEventListener: () => {}, removeEventListener: () => {} },
  'whose `aborted` throws': Object.assign(throwing('aborted'), {
    addEventListener: () => {},
    removeEventListener: () => {},
  }),
}

for (const [name, signal] of Object.entries(signals)) {
  test(`a signal ${name} is refused, and nothing is run`, async (t) => {
    const engine = testEngine(t)
    const mark = join(temporaryFolder(t), 'mark')
    const execution = engine.run('touch', [mark], { signal: signal as never })
    const error = (await t.throwsAsync(execution.wait())) as ExecutionEngineError
    t.true(error instanceof ExecutionEngineError, String(error))
    t.is(error.code, 'INVALID_REQUEST')
    t.deepEqual(engine.listExecutions(), [])
    await engine.shutdown()
    t.false(existsSync(mark))
  })
}

test('a signal that cannot be unfollowed disturbs nothing', async (t) => {
  const signal = { aborted: false, addEventListener: () => {}, removeEventListener: broken }
  const { status } = await testEngine(t).run('true', [], { signal: signal as never })
  t.is(status, 'completed')
})

test('a signal that aborts while it is being followed cancels', async (t) => {
  const signal = { aborted: false, addEventListener: (_: string, act: () => void) => act(), removeEventListener() {} }
  const { status } = await testEngine(t).run('sleep', ['1000'], { signal: signal as never })
  t.is(status, 'cancelled')
})

for (const name of ['id', 'onEvent', 'reject', 'stdin', 'signal', 'secrets', 'env', 'other']) {
  test(`options whose \`${name}\` throws reject, with the cause`, async (t) => {
    const engine = testEngine(t)
    for (const run of [
      () => engine.run('true', [], throwing(name)),
      () => engine.run('true', throwing(name)),
      () => engine.run({ type: 'exec', program: 'true' }, throwing(name)),
    ]) {
      const error = (await t.throwsAsync(run().wait())) as ExecutionEngineError
      t.is(error.code, 'INVALID_REQUEST')
      t.is((error.cause as Error).message, 'of my own')
    }
  })
}

test('arguments that cannot be read at all reject', async (t) => {
  const engine = testEngine(t)
  const isRefused = async (run: () => PromiseLike<ExecutionResult>): Promise<void> => {
    const execution = run()
    t.is(((await t.throwsAsync(async () => await execution)) as ExecutionEngineError).code, 'INVALID_REQUEST')
  }
  await isRefused(() => engine.run('true', [], revoked()))
  await isRefused(() => engine.run('true', revoked()))
  await isRefused(() => engine.run(revoked() as never))
  await isRefused(() => engine.run('true', [], { env: revoked() as never }))
  await isRefused(() => engine.run({ type: 'exec', program: 'true' }, { env: throwing('A') as never }))
})

test('an option is read once, so the checked value counts', async (t) => {
  let reads = 0
  const counted = Object.defineProperty({}, 'stdin', {
    enumerable: true,
    get: () => ((reads += 1) === 1 ? { text: 'first' } : 5),
  })
  const { stdout } = await testEngine(t).run('cat', [], counted)
  t.is(stdout, 'first')
  t.is(reads, 1)
})

test('other calls refuse unreadable values, with a code', async (t) => {
  const engine = testEngine(t)
  const execution = engine.run('true')
  for (const call of [
    () => engine.execute(throwing('command') as never),
    () => engine.execute(revoked() as never),
    () => engine.listExecutions(throwing('status')),
    () => engine.cancel(execution.id, throwing('force')),
    () => execution.cancel(throwing('force')),
    () => engine.readLogs(execution.id, throwing('format')),
    () => engine.recover(throwing('stopSurvivors')),
  ]) {
    const error = await t.throwsAsync(async () => void (await call()))
    t.is((error as ExecutionEngineError).code, 'INVALID_REQUEST', String(call))
  }
  for (const config of [throwing('logDir'), throwing('secrets'), revoked()]) {
    t.is((t.throws(() => new ExecutionEngine(config)) as ExecutionEngineError).code, 'INVALID_CONFIG')
  }
})

test('a configuration of a class with a `toJSON` of its own is taken by its fields', (t) => {
  class Settings {
    maxLogFiles = 7
    toJSON(): void {}
  }
  t.is(new ExecutionEngine(new Settings()).config.maxLogFiles, 7)
})

/** An object that is another one as JSON. */
const returning = (value: unknown, of: object = []): object =>
  Object.defineProperty(of, 'toJSON', { value: () => value })

test('a nested `toJSON` is never called', async (t) => {
  const engine = testEngine(t)
  const request = { command: { type: 'exec', program: 'true' }, secrets: ['hunter2'] } as const
  for (const given of [
    { command: { ...request.command, args: returning('hunter2') } },
    { secrets: returning('hunter2', ['swordfish']) },
    { inheritEnv: returning('hunter2') },
    { metadata: { tags: returning('hunter2', {}) } },
    { env: returning({ A: { hunter2: 1 } }, {}) },
  ]) {
    const id = await engine.execute({ ...request, ...given } as never)
    t.is((await engine.waitForCompletion(id)).status, 'completed')
  }
  t.is(new ExecutionEngine({ secrets: returning('hunter2') as never }).config.maxLogFiles, 5)
})

test('half a surrogate pair is refused in a name, too', async (t) => {
  const engine = testEngine(t)
  const command = { type: 'exec', program: 'true' } as const
  for (const given of [{ env: { '\uD800': 'a' } }, { metadata: { tags: { '\uD800': 'a' } } }]) {
    const error = (await t.throwsAsync(() => engine.execute({ command, ...given }))) as ExecutionEngineError
    t.regex(error.message, /surrogate/)
  }
})

test('a masker refuses values it cannot mask, with a code', (t) => {
  const fieldOf = (call: () => unknown): string | undefined => {
    const error = t.throws(call) as ExecutionEngineError
    t.is(error.code, 'INVALID_REQUEST', String(error))
    t.notRegex(`${error.message} ${error.value}`, /1234567/)
    return error.field
  }
  t.is(
    fieldOf(() => new (Masker as new () => Masker)()),
    'secrets',
  )
  for (const secrets of [null, 'hunter2', {}, revoked()])
    t.is(
      fieldOf(() => new Masker(secrets as never)),
      'secrets',
    )
  const masker = new Masker(['1234567'])
  for (const text of [undefined, null, 1_234_567, 5n, {}, ['a'], Buffer.from('a'), Symbol('1234567')]) {
    t.is(
      fieldOf(() => masker.mask(text as never)),
      'text',
    )
  }
  t.is(masker.mask('\uD83D 1234567'), '\uFFFD ***')
})

test('bytes that were given away are refused as an input', async (t) => {
  const engine = testEngine(t)
  const gone = new Uint8Array(8)
  structuredClone(gone.buffer, { transfer: [gone.buffer] })
  const imitation = Object.create(Uint8Array.prototype) as Uint8Array
  for (const stdin of [gone, imitation]) {
    for (const call of [
      () => engine.run('cat', [], { stdin }).wait(),
      () => engine.execute({ command: { type: 'exec', program: 'cat' }, stdin }),
    ]) {
      const error = (await t.throwsAsync(call)) as ExecutionEngineError
      t.is(error.code, 'INVALID_REQUEST')
      t.is(error.field, 'stdin')
    }
    const error = (await t.throwsAsync(() => engine.writeStdin(randomUUID(), stdin))) as ExecutionEngineError
    t.is(error.field, 'data')
  }
})
