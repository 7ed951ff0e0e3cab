import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import test from 'ava'

import { node, testEngine } from '@escher/testing/engine'

const echo = node('process.stdin.pipe(process.stdout)')
const count = node('let n = 0; process.stdin.on("data", (d) => (n += d.length)).on("end", () => console.log(n))')

test('without stdin a program that reads sees the end at once', async (t) => {
  const execution = testEngine(t).run(...count)
  t.is(execution.stdin, null)
  t.is((await execution).stdout, '0\n')
})

test('a text is given whole', async (t) => {
  t.is((await testEngine(t).run(...echo, { stdin: 'hällo' })).stdout, 'hällo')
})

test('bytes are given whole', async (t) => {
  const bytes = new Uint8Array([0, 255, 10, 128]).subarray(1, 3)
  const code = 'process.stdin.on("data", (d) => console.log(d.toString("hex")))'
  t.is((await testEngine(t).run(...node(code), { stdin: bytes })).stdout, 'ff0a\n')
})

test('a pipe is written to, from the very first turn on', async (t) => {
  const execution = testEngine(t).run(...echo, { stdin: 'pipe' })
  execution.stdin.write('one ')
  execution.stdin.end('two')
  t.is((await execution).stdout, 'one two')
})

test('a stream can be piped in', async (t) => {
  const execution = testEngine(t).run(...count, { stdin: 'pipe' })
  await pipeline(Readable.from(Array.from({ length: 100 }, () => 'x'.repeat(50_000))), execution.stdin)
  t.is((await execution).stdout, '5000000\n')
})

test('writing waits for a child that does not read', async (t) => {
  const execution = testEngine(t).run(...node('setInterval(() => {}, 1000)'), { stdin: 'pipe' })
  const block = Buffer.alloc(64 * 1024)
  let accepted = 0
  while (accepted < 100 && execution.stdin.write(block)) accepted += 1
  t.true(accepted < 100)
  await execution.cancel()
  await execution
})

test('a child that ends without reading is no error, and ends the stream', async (t) => {
  const execution = testEngine(t).run(...node(''), { stdin: 'pipe' })
  execution.stdin.write('x'.repeat(1_000_000))
  const closed = once(execution.stdin, 'close')
  t.is((await execution).status, 'completed')
  await closed
  t.true(execution.stdin.destroyed)
})

test('a refused request closes the stream quietly', async (t) => {
  const execution = testEngine(t).run('', [], { stdin: 'pipe' })
  const closed = once(execution.stdin, 'close')
  execution.stdin.write('x')
  await t.throwsAsync(() => execution.result)
  await closed
  t.pass()
})
