import test from 'ava'

import { AsyncQueue } from '@escher/execution-engine/support'

const all = async <Item>(queue: AsyncQueue<Item>): Promise<Item[]> => {
  const items: Item[] = []
  for await (const item of queue) items.push(item)
  return items
}

test('items come in the order in which they were pushed, those before the end too', async (t) => {
  const queue = new AsyncQueue<number>({ highWater: 10 })
  const numbers = Array.from({ length: 10_000 }, (_, index) => index)
  for (const number of numbers) queue.push(number)
  queue.end()
  queue.push(-1)
  t.deepEqual(await all(queue), numbers)
  t.true((await queue.next()).done)
})

test('readers that came first are served in turn, whatever the items are', async (t) => {
  const queue = new AsyncQueue<unknown>({ highWater: 10 })
  const waiting = [queue.next(), queue.next(), queue.next()]
  queue.push(undefined)
  queue.push(0)
  queue.end()
  t.deepEqual(await Promise.all(waiting), [
    { value: undefined, done: false },
    { value: 0, done: false },
    { value: undefined, done: true },
  ])
})

test('it says when it is full, and when half of it is free again', async (t) => {
  const said: boolean[] = []
  const queue = new AsyncQueue<string>({
    highWater: 8,
    sizeOf: (text) => text.length,
    onFull: (isFull) => said.push(isFull),
  })
  for (const text of ['1234', '56', '78', '90']) queue.push(text)
  t.true(queue.isFull)
  t.deepEqual(said, [true])
  await queue.next()
  t.true(queue.isFull)
  await queue.next()
  await queue.next()
  t.false(queue.isFull)
  t.deepEqual(said, [true, false])
})

test('a producer waits for capacity, and no longer than there is a reader', async (t) => {
  const queue = new AsyncQueue<number>({ highWater: 2 })
  await queue.drained()
  queue.push(1)
  queue.push(2)
  let isThere = false
  const drained = queue.drained().then(() => (isThere = true))
  await queue.next()
  t.false(isThere)
  await queue.next()
  await drained
  queue.push(3)
  queue.push(4)
  const last = queue.drained()
  await queue.return()
  await last
  t.pass()
})

test('the end releases a producer that waits for capacity, and remaining items can be read', async (t) => {
  const queue = new AsyncQueue<number>({ highWater: 1 })
  queue.push(1)
  const drained = queue.drained()
  queue.end()
  await drained
  t.deepEqual(await all(queue), [1])
})

test('without a bound it is never full again', async (t) => {
  const said: boolean[] = []
  const queue = new AsyncQueue<number>({ highWater: 1, onFull: (isFull) => said.push(isFull) })
  queue.push(1)
  const drained = queue.drained()
  queue.unbound()
  await drained
  queue.push(2)
  t.false(queue.isFull)
  t.deepEqual(said, [true, false])
})

test('a failure is thrown once, after the last item', async (t) => {
  const queue = new AsyncQueue<number>({ highWater: 10 })
  queue.push(1)
  queue.end(new Error('on purpose'))
  t.deepEqual(await queue.next(), { value: 1, done: false })
  await t.throwsAsync(() => queue.next(), { message: 'on purpose' })
  t.true((await queue.next()).done)
})

test('a failure reaches a reader that waits', async (t) => {
  const queue = new AsyncQueue<number>({ highWater: 10 })
  const [first, second] = [queue.next(), queue.next()]
  queue.end(new Error('on purpose'))
  await t.throwsAsync(first, { message: 'on purpose' })
  t.true((await second).done)
})

test('a reader that leaves drops the items, ends other reads and is reported once', async (t) => {
  const said: string[] = []
  const queue = new AsyncQueue<number>({
    highWater: 1,
    onFull: (isFull) => said.push(isFull ? 'full' : 'drained'),
    onLeave: () => said.push('left'),
  })
  queue.push(1)
  await queue.return()
  await queue.return()
  queue.push(2)
  t.deepEqual(said, ['full', 'drained', 'left'])
  t.true((await queue.next()).done)

  const other = new AsyncQueue<number>({ highWater: 1 })
  const waiting = other.next()
  await other.return()
  t.true((await waiting).done)
})

test('one that has ended is not left', async (t) => {
  let isLeft = false
  const queue = new AsyncQueue<number>({ highWater: 1, onLeave: () => (isLeft = true) })
  queue.end()
  await queue.return()
  t.false(isLeft)
})
