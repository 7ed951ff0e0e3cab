// What users of `child_process`, execa or zx type first, and what the refusal answers.

import test from 'ava'

import { ExecutionEngine, ExecutionEngineError } from '@escher/execution-engine'
import { testEngine } from '@escher/testing/engine'
import { errorOf } from '@escher/testing/recorder'

const hints = test.macro({
  exec: async (t, options: object, hint: RegExp) => {
    const error = await errorOf(() => testEngine(t).run('true', [], options))
    t.true(error instanceof ExecutionEngineError && error.code === 'INVALID_REQUEST')
    t.regex(String(error), hint)
  },
  title: (_, options) => `run() with ${Object.keys(options as object).join()}`,
})

test(hints, { cwd: '/' }, /did you mean `workingDir`\?/)
test(hints, { input: 'x' }, /did you mean `stdin`\?/)
test(hints, { timeout: 5 }, /did you mean `timeoutMs`\?/)
test(hints, { tmieoutMs: 5 }, /did you mean `timeoutMs`\?/)
test(hints, { maxBuffer: 1 }, /did you mean `maxOutputSizeBytes`\?/)
test(hints, { cancelSignal: AbortSignal.abort() }, /did you mean `signal`\?/)
test(hints, { onEvents: () => {} }, /did you mean `onEvent`\?/)
test(hints, { extendEnv: false }, /did you mean `inheritEnv`\?/)
test(hints, { forceKillAfterDelay: 1 }, /did you mean `killGraceMs`\?/)
test(hints, { buffer: true }, /bytes are given with `encoding: 'buffer'`/)
test(hints, { shell: true }, /give the command as `\{ type: 'shell', command \}`/)
test(hints, { stdio: 'inherit' }, /output is always captured.*`stdin`/)
test(hints, { lines: true }, /iterate the execution or pass `onEvent`/)
test(hints, { killSignal: 'INT' }, /`killSignal` is "INT": did you mean `SIGINT`\?/)
test(hints, { stopSignal: 'SIGINT' }, /did you mean `killSignal`\?/)
test(hints, { retry: 3 }, /known are `id`.*`signal`.*`reject`.*`onEvent`/)
// It would have no effect beside the first argument.
test(hints, { command: { type: 'exec', program: 'ls' } }, /`command` is an object: there is no such option/)

test('settings of an engine', (t) => {
  const refusal = (config: object): string => String(t.throws(() => new ExecutionEngine(config)))
  t.regex(refusal({ timeoutMs: 5 }), /did you mean `defaultTimeoutMs`\?/)
  t.regex(refusal({ concurrency: 4 }), /did you mean `maxConcurrentExecutions`\?/)
  t.regex(refusal({ logFolder: 'x' }), /did you mean `logDir`\?/)
  t.regex(refusal({ retry: 3 }), /known are `defaultTimeoutMs`/)
})

test('arguments of run() that are none are a refusal with a code, and none is thrown at once', async (t) => {
  const engine = testEngine(t)
  const run = engine.run.bind(engine) as (...given: unknown[]) => unknown
  const fieldOf = async (...given: unknown[]): Promise<unknown> => {
    const error = await errorOf(async () => await run(...given))
    return error instanceof ExecutionEngineError && error.code === 'INVALID_REQUEST' ? error.field : error
  }
  t.is(await fieldOf('true', [], null), 'options')
  t.is(await fieldOf('true', [], 5), 'options')
  t.is(await fieldOf('true', null), 'command.args')
  t.is(await fieldOf('true', 'a'), 'command.args')
  t.is(await fieldOf('true', { env: {} }, { env: {} }), 'options')
  t.is(await fieldOf({ type: 'exec', program: 'true' }, ['a']), 'options')
  t.is(await fieldOf({ type: 'exec', program: 'true' }, null), 'options')
  t.is(await fieldOf(null), 'command')
  t.is(await fieldOf(), 'command')
  t.is(await fieldOf('true', [], { signal: 5 }), 'signal')
  t.is(await fieldOf('true', [], { metadata: { sources: 'x' } }), 'metadata.sources')
})

test('a refused run() has an id, its own where it was given one', async (t) => {
  const engine = testEngine(t)
  const id = '01a21f06-e9d0-75e7-b86a-ee5a89997bde'
  const named = engine.run('', [], { id })
  const unnamed = engine.run('', [], { id: 5 } as never)
  t.is(named.id, id)
  t.regex(unnamed.id, /^[0-9a-f-]{36}$/)
  await t.throwsAsync(named.wait())
  await t.throwsAsync(unnamed.wait())
})

test('every word of other libraries that has a hint is refused with it', async (t) => {
  const engine = testEngine(t)
  const said = async (name: string): Promise<string> =>
    String(await errorOf(() => engine.run('true', [], { [name]: 1 } as never)))
  for (const [name, word] of [
    ['inputFile', /`stdin`/],
    ['workdir', /`workingDir`/],
    ['nothrow', /`reject`/],
    ['ac', /`signal`/],
    ['preferLocal', /node_modules\/\.bin/],
    ['stripFinalNewline', /trim it/],
    ['ipc', /`stdin`/],
    ['argv0', /its own name/],
  ] as const) {
    t.regex(await said(name), word)
  }
})

test('what is no signal, or none that ends a program, is refused', async (t) => {
  const engine = testEngine(t)
  const refusal = async (killSignal: unknown): Promise<string> =>
    String(await errorOf(() => engine.run('true', [], { killSignal } as never)))
  t.regex(await refusal('SIGSTOP'), /does not end it/)
  t.regex(await refusal('SIGNONSENSE'), /allowed are SIGHUP, .*SIGTERM/)
  t.regex(await refusal(15), /name of a signal, such as `SIGINT`/)
})
