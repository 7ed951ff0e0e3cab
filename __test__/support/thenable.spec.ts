import { setImmediate as turn } from 'node:timers/promises'

import test from 'ava'

import { Thenable } from '@escher/execution-engine/support'

class Handle extends Thenable<number> {
  waits = 0
  readonly #value: Promise<number>

  constructor(value: Promise<number>) {
    super()
    this.#value = value
  }

  wait(): Promise<number> {
    this.waits += 1
    return this.#value
  }
}

test('a handle is awaited, caught and finished like a promise', async (t) => {
  const one = new Handle(Promise.resolve(1))
  t.is(await one, 1)
  t.is(await one.then((value) => value + 1), 2)
  t.is(await one.finally(() => 5), 1)
  t.is(await new Handle(Promise.reject(new Error('no'))).catch(String), 'Error: no')
  await t.throwsAsync(async () => await new Handle(Promise.reject(new Error('no'))), { message: 'no' })
})

test('its result is a promise', async (t) => {
  const one = new Handle(Promise.resolve(1))
  t.true(one.result instanceof Promise)
  t.is(one.result, one.result)
  t.is(await one.result, 1)
  t.deepEqual(await Promise.all([one.result, one.result.finally(() => {})]), [1, 1])
  t.is(await Promise.race([one.result, new Promise(() => {})]), 1)
  const failed = new Handle(Promise.reject(new Error('no')))
  t.is(await failed.result.catch(String), 'Error: no')
})

test('looking at the result waits for nothing', async (t) => {
  const one = new Handle(Promise.resolve(1))
  t.truthy(one.result)
  await turn()
  t.is(one.waits, 0)
  await one.result
  t.is(one.waits, 1)
})
