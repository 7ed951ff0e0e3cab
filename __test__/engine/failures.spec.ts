// How a failure reaches who waits for it: as a rejection, out of a loop, with its cause and its last words.
import { getEventListeners } from 'node:events'

import test from 'ava'

import { ExecutionError, type RunOptions } from '@escher/execution-engine'
import { forever, temporaryFolder, testEngine } from '@escher/testing/engine'
import { runHost } from '@escher/testing/host'
import { errorOf } from '@escher/testing/recorder'

const failing = (script: string): { type: 'shell'; command: string } => ({ type: 'shell', command: script })

test('iterating a program that could not be started throws', async (t) => {
  const engine = testEngine(t)
  const iterate = async (program: string, options: RunOptions = {}): Promise<void> => {
    for await (const line of engine.run(program, options)) t.fail(line.text)
  }
  for (const reject of [undefined, false, true]) {
    const error = await errorOf(() => iterate('no-such-program', { reject }))
    t.true(error instanceof ExecutionError && error.code === 'PROGRAM_NOT_FOUND', String(error))
  }
  t.is(
    ((await errorOf(() => iterate('true', { workingDir: '/no/such' }))) as ExecutionError).code,
    'WORKING_DIR_NOT_FOUND',
  )
  t.is((await engine.run('no-such-program')).error?.code, 'PROGRAM_NOT_FOUND')
  t.is(await errorOf(() => iterate('true', { signal: AbortSignal.abort() })), undefined)
})

test('iterating a program that fails throws where `reject` says so, after its lines', async (t) => {
  const engine = testEngine(t)
  const iterate = async (options: RunOptions): Promise<string[]> => {
    const lines: string[] = []
    try {
      for await (const { text } of engine.run(failing('echo a; exit 3'), options)) lines.push(text)
    } catch (error) {
      lines.push((error as ExecutionError).code)
    }
    return lines
  }
  t.deepEqual(await iterate({}), ['a'])
  t.deepEqual(await iterate({ reject: true }), ['a', 'NON_ZERO_EXIT'])
})

test("the reason of an abort is the error's cause", async (t) => {
  const engine = testEngine(t)
  const reason = new Error('the user pressed stop')
  const causeOf = async (signal: AbortSignal, act: () => void = () => {}): Promise<unknown> => {
    const execution = engine.run(...forever, { signal, reject: true })
    act()
    return ((await errorOf(() => execution.wait())) as Error).cause
  }
  t.is(await causeOf(AbortSignal.abort(reason)), reason)
  t.is(await causeOf(AbortSignal.abort('a word')), 'a word')
  const controller = new AbortController()
  t.is(await causeOf(controller.signal, () => controller.abort(reason)), reason)
  t.is(((await causeOf(AbortSignal.timeout(10))) as Error).name, 'TimeoutError')
})

test('an end that the abort did not cause does not have its reason', async (t) => {
  const controller = new AbortController()
  const engine = testEngine(t)
  const { signal } = controller
  const cancelled = engine.run(...forever, { signal, reject: true })
  cancelled.cancel()
  controller.abort(new Error('late'))
  t.is(((await errorOf(() => cancelled.wait())) as Error).cause, undefined)
  const exited = engine.run(failing('exit 3'), { signal: new AbortController().signal, reject: true })
  t.false(Object.hasOwn((await errorOf(() => exited.wait())) as Error, 'cause'))
})

test("a rejection's message ends with the last lines of standard error, bounded, masked and without controls", async (t) => {
  const engine = testEngine(t, { secrets: ['swordfish'] })
  const errorFor = async (script: string): Promise<ExecutionError> =>
    (await errorOf(() => engine.run(failing(script), { reject: true }).wait())) as ExecutionError
  const error = await errorFor('seq 30 >&2; printf "\\033[31mno swordfish\\033[0m\\a\\r\\n" >&2; exit 3')
  t.is(error.message, `${error.result.error?.message}\n${[22, 23, 24, 25, 26, 27, 28, 29, 30].join('\n')}\nno ***`)
  t.is((await errorFor('echo out; exit 3')).message.includes('\n'), false)
  t.true((await errorFor('head -c 100000 /dev/zero | tr "\\0" x >&2; exit 3')).message.length < 2500)
})

test('hundreds of executions on one signal leave one listener, no warning, and none at the end', async (t) => {
  const { sent, stderr } = await runHost(
    `
    import { getEventListeners } from 'node:events'
    process.on('warning', ({ name }) => send(name))
    const engine = new ExecutionEngine({ logDir, maxConcurrentExecutions: 4 })
    const controller = new AbortController()
    const { signal } = controller
    for (let index = 0; index < 20; index += 1) await engine.run('', { signal }).catch(() => {})
    await engine.run('no-such-program', { signal })
    send(getEventListeners(signal, 'abort').length)
    const all = Array.from({ length: 300 }, () => engine.run('sleep', ['1000'], { signal }))
    send(getEventListeners(signal, 'abort').length)
    controller.abort()
    const results = await Promise.all(all)
    send(results.every(({ status }) => status === 'cancelled'))
    send(getEventListeners(signal, 'abort').length)
    `,
    temporaryFolder(t),
  )
  t.deepEqual(sent, [0, 1, true, 0], stderr)
})

test('a signal keeps its listener while anyone follows it, and gets one anew', async (t) => {
  const engine = testEngine(t)
  const controller = new AbortController()
  const { signal } = controller
  const long = engine.run(...forever, { signal })
  await engine.run('true', { signal })
  t.is(getEventListeners(signal, 'abort').length, 1)
  long.cancel()
  await long
  const again = engine.run(...forever, { signal })
  controller.abort()
  t.is((await again).status, 'cancelled')
  t.is(getEventListeners(signal, 'abort').length, 0)
})
