import test from 'ava'

import { ExecutionError, type ExecutionRequest, type OutputEncoding } from '@escher/execution-engine'
import { errorOf } from '@escher/testing/recorder'
import { node, testEngine } from '@escher/testing/engine'

/** Every byte there is. */
const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
const printBytes = node('process.stdout.write(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)))')
const alternating = {
  type: 'shell',
  command: "echo 1; sleep 0.5; printf '\\377' >&2; sleep 0.5; echo 3",
} as const

test('with `buffer`, output comes byte for byte', async (t) => {
  const { stdout, stderr, raw } = await testEngine(t).run(...printBytes, { encoding: 'buffer' })
  t.true(Buffer.isBuffer(stdout))
  t.deepEqual(stdout, bytes)
  t.deepEqual(stderr, Buffer.alloc(0))
  t.deepEqual(raw, { stdout: bytes, stderr: Buffer.alloc(0) })
})

for (const encoding of ['utf8', 'utf16le', 'latin1'] as const) {
  test(`text in ${encoding}`, async (t) => {
    const text = 'Grüße\n'
    const print = node(`process.stdout.write(Buffer.from(${JSON.stringify(text)}, '${encoding}'))`)
    const { stdout, stderr } = await testEngine(t).run(...print, { encoding })
    t.is(stdout, text)
    t.is(stderr, '')
  })
}

test('`all` has both streams in their order, in the encoding', async (t) => {
  const engine = testEngine(t)
  t.is((await engine.run(alternating, { all: true })).all, '1\n\uFFFD3\n')
  t.is((await engine.run(alternating, { all: true, encoding: 'latin1' })).all, '1\n\u00FF3\n')
  const { all } = await engine.run(alternating, { all: true, encoding: 'buffer' })
  t.deepEqual(all, Buffer.from('1\n\u00FF3\n', 'latin1'))
})

test('without the options a result has neither `all` nor `raw`', async (t) => {
  const result = await testEngine(t).run(alternating, { encoding: 'utf8', all: false, rawOutput: false })
  t.false('all' in result)
  t.false('raw' in result)
})

test('by id, `rawOutput` gives the bytes beside the text', async (t) => {
  const engine = testEngine(t)
  const request: ExecutionRequest = { command: alternating, all: true, rawOutput: true }
  const id = await engine.execute(request)
  const { stderr, all, raw } = await engine.waitForCompletion(id)
  t.is(stderr, '\uFFFD')
  t.is(all, '1\n\uFFFD3\n')
  t.deepEqual(raw?.stderr, Buffer.of(0xff))
  t.deepEqual(raw?.all, Buffer.from('1\n\u00FF3\n', 'latin1'))
  t.deepEqual(engine.getResult(id)?.raw, raw)
})

test('lines and events stay text, and so does the result of an error', async (t) => {
  const engine = testEngine(t)
  const lines: string[] = []
  const results: string[] = []
  const execution = engine.run(
    { type: 'shell', command: 'echo out; exit 3' },
    {
      encoding: 'buffer',
      reject: true,
      onEvent: (event) => void ('result' in event && results.push(event.result.stdout)),
    },
  )
  const error = await errorOf(async () => {
    for await (const { text } of execution.lines()) lines.push(text)
  })
  t.deepEqual([lines, results], [['out'], ['out\n']])
  if (!(error instanceof ExecutionError)) return t.fail(String(error))
  t.is(error.result.stdout, 'out\n')
  t.deepEqual(error.result.raw?.stdout, Buffer.from('out\n'))
})

test('what never started has empty output in the encoding', async (t) => {
  const { stdout, all } = await testEngine(t).run('no-such-program', { encoding: 'buffer', all: true })
  t.deepEqual([stdout, all], [Buffer.alloc(0), Buffer.alloc(0)])
})

test('an encoding that is not there is refused with those that are', async (t) => {
  const encoding = 'utf-8' as OutputEncoding
  const refused = await t.throwsAsync(testEngine(t).run('true', { encoding }).wait(), { code: 'INVALID_REQUEST' })
  t.regex(refused.message, /encoding.*'utf8', 'utf16le', 'latin1', 'buffer'/)
})
