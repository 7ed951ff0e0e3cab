// Output above the limit: what memory keeps, what the child notices, where the rest is.

import { readFile, stat } from 'node:fs/promises'

import test from 'ava'

import { testEngine } from '@escher/testing/engine'
import { Recorder, sh } from '@escher/testing/recorder'

const numbers = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('')
const write = sh('seq 20000').command

test('truncate_with_warning: the child goes on, memory keeps both ends, the log has everything', async (t) => {
  const engine = await testEngine(t, { maxOutputSizeBytes: 1000 })
  const recorder = new Recorder()
  const result = await engine.waitForCompletion(await engine.execute(sh('seq 20000; echo fine >&2'), recorder.listener))
  t.like(result, { status: 'completed', stdoutTruncated: true, stderrTruncated: false, stderr: 'fine\n' })
  t.is(result.stdoutBytes, numbers.length)
  t.true(result.stdout.startsWith(numbers.slice(0, 490)))
  t.true(result.stdout.endsWith(numbers.slice(-490)))
  const kept = result.stdout.length - 1000
  t.true(kept > 0 && kept < 500, 'a line in the middle says how much is missing')
  t.regex(result.stdout, /\n.*107[\d,_ ]*\d.*\n/)

  const truncated = recorder.events.filter((event) => event.type === 'output_truncated')
  t.is(truncated.length, 1)
  t.like(truncated[0], { stream: 'stdout', limitBytes: 1000 })
  t.is(recorder.types.filter((type) => type === 'stdout').length, 20_000)
  t.true((await engine.readLogs(result.id)).includes(' 10000\n'))
})

test('retainOutput: head keeps the first bytes, tail the last', async (t) => {
  const head = await testEngine(t, { maxOutputSizeBytes: 100, retainOutput: 'head' })
  const first = await head.run(write)
  t.true(first.stdout.startsWith(numbers.slice(0, 98)))
  t.false(first.stdout.includes('20000'))
  t.true(first.stdoutTruncated)

  const tail = await testEngine(t, { maxOutputSizeBytes: 100, retainOutput: 'tail' })
  const last = await tail.run(write)
  t.true(last.stdout.endsWith(numbers.slice(-98)))
  t.false(last.stdout.startsWith('1\n2\n'))
  t.true(last.stdoutTruncated)
})

test('a request has its own limit, exact to the byte, for each stream', async (t) => {
  const engine = await testEngine(t)
  const fits = await engine.run('printf', ['12345'], { maxOutputSizeBytes: 5 })
  t.like(fits, { stdout: '12345', stdoutTruncated: false, stdoutBytes: 5 })
  const over = await engine.run(sh('printf 123456; printf 12345 >&2').command, { maxOutputSizeBytes: 5 })
  t.like(over, { stdoutTruncated: true, stdoutBytes: 6, stderrTruncated: false, stderr: '12345', status: 'completed' })
  const nothing = await engine.run('printf', ['x'], { maxOutputSizeBytes: 0 })
  t.like(nothing, { stdoutTruncated: true, stdoutBytes: 1, status: 'completed' })
})

test('cuts are made between characters', async (t) => {
  const engine = await testEngine(t)
  const result = await engine.run('printf', ['%s', '😀'.repeat(100)], { maxOutputSizeBytes: 30 })
  t.is(result.stdoutBytes, 400)
  t.false(result.stdout.includes('\uFFFD'))
})

test('fail_execution: the tree is stopped and the code says why', async (t) => {
  const engine = await testEngine(t, { oversizedOutput: 'fail_execution', maxOutputSizeBytes: 10_000 })
  const recorder = new Recorder()
  const result = await engine.waitForCompletion(await engine.execute(sh('yes'), recorder.listener))
  t.is(result.status, 'failed')
  t.is(result.error?.code, 'OUTPUT_SIZE_EXCEEDED')
  t.regex(result.error?.message ?? '', /10000|10 ?000|10,000/)
  t.true(result.stdout.startsWith('y\ny\n'))
  t.is(result.stdout.slice(0, 10_000).replaceAll('y\n', ''), '')
  t.true(result.stdout.length < 10_500, 'what fitted, and a line that says how much did not')
  t.is(recorder.types.at(-1), 'failed')
  t.is(recorder.types.filter((type) => type === 'output_truncated').length, 1)
})

test('stream_to_file: every byte is in a file for its owner only', async (t) => {
  const engine = await testEngine(t, { oversizedOutput: 'stream_to_file' })
  const result = await engine.run(sh('seq 20000; printf "\\377\\000" >&2; seq 20000 >&2').command, {
    maxOutputSizeBytes: 1000,
  })
  t.like(result, { status: 'completed', stdoutTruncated: true, stdoutBytes: numbers.length })
  t.true(numbers.startsWith(result.stdout.slice(0, 900)))
  const { stdout, stderr } = result.outputFiles
  t.is(await readFile(stdout ?? '', 'utf8'), numbers)
  t.deepEqual(await readFile(stderr ?? ''), Buffer.concat([Buffer.from([0xff, 0]), Buffer.from(numbers)]))
  if (process.platform !== 'win32') t.is((await stat(stdout ?? '')).mode & 0o777, 0o600)
})

test('stream_to_file creates no file if memory can hold the output', async (t) => {
  const engine = await testEngine(t, { oversizedOutput: 'stream_to_file' })
  t.like(await engine.run('echo', ['small']), { stdout: 'small\n', outputFiles: {} })
})

test('a request chooses its own strategy', async (t) => {
  const engine = await testEngine(t, { maxOutputSizeBytes: 10 })
  const [goesOn, fails] = await Promise.all([
    engine.run(write),
    engine.run('yes', [], { oversizedOutput: 'fail_execution' }),
  ])
  t.is(goesOn.status, 'completed')
  t.is(fails.error?.code, 'OUTPUT_SIZE_EXCEEDED')
})

test('maxSpillBytes ends a file at exactly that size, and the result says so', async (t) => {
  const engine = await testEngine(t, { oversizedOutput: 'stream_to_file', maxOutputSizeBytes: 10, maxSpillBytes: 1000 })
  const recorder = new Recorder()
  const result = await engine.waitForCompletion(await engine.execute(sh('seq 20000'), recorder.listener))
  t.like(result, { status: 'completed', stdoutBytes: numbers.length, outputFilesIncomplete: true })
  t.is(await readFile(result.outputFiles.stdout ?? '', 'utf8'), numbers.slice(0, 1000))
  t.true(result.logError?.includes('1000') && result.logError.includes(result.outputFiles.stdout ?? '-'))
  t.is(recorder.types.filter((type) => type === 'warning').length, 1)
  t.like(engine.config, { maxSpillBytes: 1000, minFreeBytes: 2 ** 30 })
})

test('minFreeBytes ends a file before the disk has less free', async (t) => {
  const engine = await testEngine(t, { oversizedOutput: 'stream_to_file', minFreeBytes: Number.MAX_SAFE_INTEGER })
  const result = await engine.run('seq', ['20000'], { maxOutputSizeBytes: 10 })
  t.like(result, { status: 'completed', outputFilesIncomplete: true })
  t.is((await stat(result.outputFiles.stdout ?? '')).size, 0)
  t.true((await engine.readLogs(result.id)).includes(' 10000\n'))
})
