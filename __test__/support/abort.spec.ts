import { getEventListeners } from 'node:events'

import test from 'ava'

import { onAbort, unlessAborted } from '@escher/execution-engine/support'

const fails = (): never => {
  throw new Error('no')
}

test('an abort is acted upon once, a past one at once, and none at all without a signal', (t) => {
  const controller = new AbortController()
  let calls = 0
  const act = () => (calls += 1)
  onAbort(undefined, act)
  onAbort(controller.signal, act)
  t.is(calls, 0)
  controller.abort()
  t.is(calls, 1)
  onAbort(controller.signal, act)
  t.is(calls, 2)
})

test('one that stops following is not called, and leaves nothing on the signal', (t) => {
  const controller = new AbortController()
  const stop = onAbort(controller.signal, () => t.fail())
  stop()
  t.is(getEventListeners(controller.signal, 'abort').length, 0)
  controller.abort()
  t.pass()
})

test('work ends with its value or its failure, and leaves nothing on the signal', async (t) => {
  const { signal } = new AbortController()
  t.is(await unlessAborted(() => 1, signal), 1)
  t.is(await unlessAborted(async () => 2, signal), 2)
  await t.throwsAsync(() => unlessAborted(fails, signal), { message: 'no' })
  t.is(getEventListeners(signal, 'abort').length, 0)
})

test('an abort ends the wait for work that never ends, with its reason', async (t) => {
  const controller = new AbortController()
  const waiting = unlessAborted(() => new Promise(() => {}), controller.signal)
  controller.abort(new Error('enough'))
  await t.throwsAsync(waiting, { message: 'enough' })
})

test('with a signal that is aborted already the work is not begun', async (t) => {
  const work = () => t.fail()
  await t.throwsAsync(() => unlessAborted(work, AbortSignal.abort(new Error('enough'))), { message: 'enough' })
})
