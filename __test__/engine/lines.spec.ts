import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import test from 'ava'

import { ExecutionEngineError, ExecutionError, type OutputLine } from '@escher/execution-engine'
import { forever, node, temporaryFolder, testEngine } from '@escher/testing/engine'

const collect = async (lines: AsyncIterable<OutputLine>): Promise<OutputLine[]> => {
  const all: OutputLine[] = []
  for await (const line of lines) all.push(line)
  return all
}

test('an execution is iterated line by line, and awaited afterwards', async (t) => {
  const execution = testEngine(t).run({ type: 'shell', command: 'echo one; echo; printf three' })
  const lines = await collect(execution)
  t.deepEqual(
    lines.map(({ text }) => text),
    ['one', '', 'three'],
  )
  for (const { stream, partial, timestamp } of lines) {
    t.is(stream, 'stdout')
    t.false(partial)
    t.is(new Date(timestamp).toISOString(), timestamp)
  }
  t.is((await execution).status, 'completed')
})

test('`lines()` is the iteration by name', async (t) => {
  const execution = testEngine(t).run({ type: 'shell', command: 'echo one; echo two >&2' })
  const lines = await collect(execution.lines())
  t.deepEqual(lines.map(({ stream, text }) => `${stream}:${text}`).toSorted(), ['stderr:two', 'stdout:one'])
  t.throws(() => execution.lines(), { code: 'INVALID_REQUEST', message: /one iteration/ })
})

test('both streams come in one iteration', async (t) => {
  // Each line waits until the one before it was received: two pipes that fill together have no order.
  const command = 'echo a; read -r _; echo b >&2; read -r _; echo c'
  const execution = testEngine(t).run({ type: 'shell', command }, { stdin: 'pipe' })
  const lines: string[] = []
  for await (const { stream, text } of execution) {
    lines.push(`${stream}:${text}`)
    execution.stdin.write('\n')
  }
  t.deepEqual(lines, ['stdout:a', 'stderr:b', 'stdout:c'])
})

test('a hundred thousand lines arrive, each once and in order', async (t) => {
  const code = 'for (let i = 0; i < 100_000; i += 1) console.log(i)'
  let expected = 0
  for await (const { text } of testEngine(t).run(...node(code))) {
    if (text !== String(expected)) t.fail(`${text} instead of ${expected}`)
    expected += 1
  }
  t.is(expected, 100_000)
})

test('a very long line comes in parts', async (t) => {
  const length = 3 * 1024 * 1024
  const lines = await collect(testEngine(t).run(...node(`process.stdout.write("x".repeat(${length}) + "\\nend\\n")`)))
  t.is(lines.at(-1)?.text, 'end')
  const parts = lines.slice(0, -1)
  t.true(parts.length > 1)
  t.is(parts.map(({ text }) => text).join('').length, length)
  t.deepEqual(
    parts.map(({ partial }) => partial),
    parts.map((_, index) => index < parts.length - 1),
  )
})

test('a slow reader slows the child down, and loses nothing', async (t) => {
  const total = 64 * 1024 * 1024
  const progress = join(temporaryFolder(t), 'progress')
  writeFileSync(progress, '0')
  const code = `
    const { writeSync, writeFileSync } = require('node:fs')
    const line = 'x'.repeat(1023) + '\\n'
    for (let written = 0; written < ${total}; ) {
      written += writeSync(1, line)
      if (written % (64 * 1024) === 0) writeFileSync(process.argv[1], String(written))
    }`
  const execution = testEngine(t).run(...node(code, progress))
  let bytes = 0
  for await (const { text } of execution) {
    if (bytes === 0) {
      // Until the child has not come further for a while.
      for (let last = -1, same = 0; same < 10; await pause(30)) {
        const now = Number(readFileSync(progress, 'utf8'))
        same = now === last && now > 0 ? same + 1 : 0
        last = now
      }
      t.true(Number(readFileSync(progress, 'utf8')) < 4 * 1024 * 1024)
    }
    bytes += text.length + 1
  }
  t.is(bytes, total)
  t.is((await execution).status, 'completed')
})

test('a slow iteration of one execution does not hold up another', async (t) => {
  const engine = testEngine(t)
  const flood = node('for (;;) require("node:fs").writeSync(1, "y\\n".repeat(10_000))')
  const held = engine.run(...flood)[Symbol.asyncIterator]()
  await held.next()
  t.is((await collect(engine.run(...node('console.log(1)')))).length, 1)
  t.is((await engine.run(...node('console.log(2)'))).stdout, '2\n')
  await held.return?.()
})

test('the result does not wait for unread lines', async (t) => {
  const execution = testEngine(t).run(...node('console.log("x".repeat(99).concat("\\n").repeat(4_000))'))
  const iterator = execution[Symbol.asyncIterator]()
  await iterator.next()
  t.is((await execution).status, 'completed')
  let count = 1
  while ((await iterator.next()).done !== true) count += 1
  t.is(count, 4_001)
})

test('leaving the loop stops the lines, not the execution', async (t) => {
  const execution = testEngine(t).run(...node('for (let i = 0; i < 50_000; i += 1) console.log(i)'))
  for await (const { text } of execution) {
    t.is(text, '0')
    break
  }
  const result = await execution
  t.is(result.status, 'completed')
  t.is(result.stdout.split('\n').length, 50_001)
})

test('next after the end says again that it is over', async (t) => {
  const execution = testEngine(t).run(...node(''))
  const iterator = execution[Symbol.asyncIterator]()
  t.deepEqual(await iterator.next(), { value: undefined, done: true })
  t.deepEqual(await iterator.next(), { value: undefined, done: true })
})

test('several next calls at once are answered in order', async (t) => {
  const iterator = testEngine(t).run({ type: 'shell', command: 'echo 1; echo 2' })[Symbol.asyncIterator]()
  const answers = await Promise.all([iterator.next(), iterator.next(), iterator.next()])
  t.deepEqual(
    answers.map(({ value }) => value?.text),
    ['1', '2', undefined],
  )
})

test('an iteration that begins too late is refused, with the reason', async (t) => {
  const execution = testEngine(t).run(...node('console.log(1)'))
  await execution
  const error = t.throws(() => execution[Symbol.asyncIterator]())
  t.true(error instanceof ExecutionEngineError)
  t.regex(error.message, /same turn/)
})

test('a second iteration is refused', async (t) => {
  const execution = testEngine(t).run(...node(''))
  await collect(execution)
  t.regex(t.throws(() => execution[Symbol.asyncIterator]()).message, /one iteration/)
})

test('a refused request is thrown by the iteration', async (t) => {
  const error = await t.throwsAsync(() => collect(testEngine(t).run('')))
  t.is((error as ExecutionEngineError).code, 'INVALID_REQUEST')
})

test('with reject, the iteration throws at its end', async (t) => {
  const lines: string[] = []
  const error = await t.throwsAsync(async () => {
    for await (const { text } of testEngine(t).run({ type: 'shell', command: 'echo 1; exit 4' }, { reject: true })) {
      lines.push(text)
    }
  })
  t.true(error instanceof ExecutionError)
  t.deepEqual(lines, ['1'])
})

test('cancelling ends the iteration', async (t) => {
  const execution = testEngine(t).run(...forever)
  setTimeout(() => void execution.cancel(), 50)
  t.deepEqual(await collect(execution), [])
  t.is((await execution).status, 'cancelled')
})
