import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import vm from 'node:vm'

import test from 'ava'

import { ExecutionEngineError } from '@escher/execution-engine'
import { node, testEngine } from '@escher/testing/engine'
import { errorOf } from '@escher/testing/recorder'

const echo = node('process.stdin.pipe(process.stdout)')
const count = node('let n = 0; process.stdin.on("data", (d) => (n += d.length)).on("end", () => console.log(n))')

test('without stdin a program that reads sees the end at once', async (t) => {
  const execution = testEngine(t).run(...count)
  t.is(execution.stdin, null)
  t.is((await execution).stdout, '0\n')
})

test('a text is given whole', async (t) => {
  t.is((await testEngine(t).run(...echo, { stdin: { text: 'hällo' } })).stdout, 'hällo')
})

test('bytes are given whole', async (t) => {
  const bytes = new Uint8Array([0, 255, 10, 128]).subarray(1, 3)
  const code = 'process.stdin.on("data", (d) => console.log(d.toString("hex")))'
  t.is((await testEngine(t).run(...node(code), { stdin: { bytes } })).stdout, 'ff0a\n')
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

test('no text is taken for a mode', async (t) => {
  const engine = testEngine(t)
  for (const text of ['null', 'pipe', 'inherit', '', '{"text":"a"}']) {
    t.is((await engine.run(...echo, { stdin: { text } })).stdout, text)
    const id = await engine.execute({ command: { type: 'exec', program: 'cat' }, stdin: { text } })
    t.is((await engine.waitForCompletion(id)).stdout, text)
  }
})

test('bytes are taken in every form, of any realm, and from JSON', async (t) => {
  const engine = testEngine(t)
  const bytes = new Uint8Array([104, 195, 164, 10])
  const shared = new Uint8Array(new SharedArrayBuffer(4))
  shared.set(bytes)
  const forms = [
    bytes,
    Buffer.from(bytes),
    new DataView(bytes.buffer),
    new Uint16Array(bytes.buffer),
    bytes.buffer,
    shared,
    shared.buffer,
    vm.runInNewContext('new Uint8Array([104, 195, 164, 10])') as Uint8Array,
    vm.runInNewContext('new Uint8Array([104, 195, 164, 10]).buffer') as ArrayBuffer,
  ]
  for (const form of forms) {
    t.is((await engine.run('cat', { stdin: form })).stdout, 'hä\n')
    t.is((await engine.run('cat', { stdin: { bytes: form } })).stdout, 'hä\n')
    const execution = engine.run('cat', { stdin: 'pipe' })
    await engine.writeStdin(execution.id, form)
    execution.stdin.end()
    t.is((await execution).stdout, 'hä\n')
  }
  t.is((await engine.run('cat', { stdin: { bytes: Buffer.from(bytes).toString('base64') } })).stdout, 'hä\n')
})

test('an invalid standard input is refused without being shown', async (t) => {
  const engine = testEngine(t)
  for (const stdin of [
    'hunter2',
    'inherit',
    5,
    null,
    {},
    [],
    { text: 5 },
    { text: 'a', bytes: 'YQ==' },
    { texts: 'a' },
  ]) {
    const error = await errorOf(() => engine.run('cat', { stdin: stdin as never }).wait())
    t.true(error instanceof ExecutionEngineError && error.code === 'INVALID_REQUEST', String(error))
    t.notRegex(String(error), /hunter2/)
  }
  for (const bytes of ['a b', 'YQ=', 5, { 0: 1 }, [1, 2]]) {
    const error = await errorOf(() => engine.run('cat', { stdin: { bytes: bytes as never } }).wait())
    t.is((error as ExecutionEngineError).field, 'stdin.bytes')
  }
  const error = await errorOf(() => engine.run('cat', { stdin: 'hunter2' as never }).wait())
  t.regex(String(error), /a text is given as `\{ text \}`/)
})

test('texts that JSON would have to escape are given whole, however long', async (t) => {
  const engine = testEngine(t)
  for (const text of ['\u0001'.repeat(100e6), '\uD800a']) {
    const { stdout } = await engine.run('wc', ['-c'], { stdin: { text } })
    t.is(Number(stdout), Buffer.byteLength(text))
  }
})
