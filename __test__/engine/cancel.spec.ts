// One shape of cancel, by handle and by id: gracefully at first, then by force.

import test from 'ava'

import { ExecutionEngineError } from '@escher/execution-engine'
import { testEngine } from '@escher/testing/engine'
import { errorOf, Recorder, sh } from '@escher/testing/recorder'

/** So long that no test passes by waiting for it. */
const GRACE = 10 * 60_000
const conditions = { killGraceMs: GRACE, timeoutMs: GRACE }
const deaf = sh("trap '' TERM; echo ready; while :; do sleep 0.05; done")
const graceful = sh("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done")

test('a second cancel() by handle skips the grace period', async (t) => {
  const recorder = new Recorder()
  const execution = testEngine(t).run(deaf.command, { ...conditions, onEvent: recorder.listener })
  await recorder.line('ready')
  t.true(execution.cancel())
  t.true(execution.cancel())
  t.like(await execution, { status: 'cancelled', signal: 'SIGKILL' })
  t.false(execution.cancel())
})

test('a second cancel(id) skips the grace period', async (t) => {
  const engine = testEngine(t)
  const recorder = new Recorder()
  const id = await engine.execute({ ...deaf, ...conditions }, recorder.listener)
  await recorder.line('ready')
  t.true(await engine.cancel(id))
  t.true(await engine.cancel(id))
  t.like(await engine.waitForCompletion(id), { status: 'cancelled', signal: 'SIGKILL' })
  t.false(await engine.cancel(id))
})

test('the two ways count together', async (t) => {
  const engine = testEngine(t)
  const recorder = new Recorder()
  const execution = engine.run(deaf.command, { ...conditions, onEvent: recorder.listener })
  await recorder.line('ready')
  t.true(await engine.cancel(execution.id))
  t.true(execution.cancel())
  t.is((await execution).signal, 'SIGKILL')
})

test('force skips it at once, by handle and by id', async (t) => {
  const engine = testEngine(t)
  const [one, two] = [new Recorder(), new Recorder()]
  const execution = engine.run(deaf.command, { ...conditions, onEvent: one.listener })
  const id = await engine.execute({ ...deaf, ...conditions }, two.listener)
  await Promise.all([one.line('ready'), two.line('ready')])
  t.true(execution.cancel({ force: true }))
  t.true(await engine.cancel(id, { force: true }))
  t.is((await execution).signal, 'SIGKILL')
  t.is((await engine.waitForCompletion(id)).signal, 'SIGKILL')
  t.false(execution.cancel({ force: true }))
  t.false(await engine.cancel(id, { force: true }))
})

test('force sends no graceful signal before', async (t) => {
  const engine = testEngine(t)
  const forced = async (): Promise<void> => {
    const recorder = new Recorder()
    const execution = engine.run(graceful.command, { ...conditions, onEvent: recorder.listener })
    await recorder.line('ready')
    execution.cancel({ force: true })
    t.like(await execution, { status: 'cancelled', signal: 'SIGKILL', stdout: 'ready\n' })
  }
  for (let round = 0; round < 20; round += 1) await forced()
})

test('killSignal is the graceful one', async (t) => {
  const recorder = new Recorder()
  const execution = testEngine(t).run(
    sh("trap 'echo bye; exit 3' INT; echo ready; while :; do sleep 0.05; done").command,
    {
      ...conditions,
      killSignal: 'SIGINT',
      onEvent: recorder.listener,
    },
  )
  await recorder.line('ready')
  execution.cancel()
  t.like(await execution, { status: 'cancelled', exitCode: 3, stdout: 'ready\nbye\n' })
})

test('a signal that is aborted, or the end of a scope, after a cancel() does not skip it', async (t) => {
  const engine = testEngine(t)
  const controller = new AbortController()
  const recorder = new Recorder()
  const { signal } = controller
  const execution = engine.run(graceful.command, { ...conditions, signal, onEvent: recorder.listener })
  await recorder.line('ready')
  execution.cancel()
  controller.abort()
  await execution[Symbol.asyncDispose]()
  t.like(await execution, { status: 'cancelled', signal: null, stdout: 'ready\nbye\n' })
})

test('options that are none are refused', async (t) => {
  const engine = testEngine(t)
  const execution = engine.run('true')
  for (const cancel of [
    () => execution.cancel({ forced: true } as never),
    () => engine.cancel(execution.id, { force: 'yes' } as never),
  ]) {
    const error = await errorOf(cancel)
    t.true(error instanceof ExecutionEngineError && error.code === 'INVALID_REQUEST')
  }
  await execution
})
