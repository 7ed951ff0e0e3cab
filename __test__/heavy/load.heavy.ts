// What takes minutes, through Node: `npm run test:heavy`.

import test from 'ava'

import { temporaryFolder } from '@escher/testing/engine'
import { runHost } from '@escher/testing/host'

const look = `
  const { readdirSync, readFileSync } = require('node:fs')
  const memory = (field) => Number(new RegExp(field + ':\\\\s+(\\\\d+)').exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
  const zombies = () => readdirSync('/proc').filter((name) => {
    try {
      const fields = readFileSync('/proc/' + name + '/stat', 'utf8').split(') ').at(-1).split(' ')
      return fields[0] === 'Z' && Number(fields[1]) === process.pid
    } catch { return false }
  }).length
  const descriptors = () => readdirSync('/proc/self/fd').length
  const threads = () => readdirSync('/proc/self/task').length
`

test('a hundred thousand executions in a row leave no memory, descriptor, thread or zombie', async (t) => {
  const { code, sent } = await runHost(
    `${look}
    const engine = new ExecutionEngine({ logDir, logging: false, maxConcurrentExecutions: 8, maxRetainedExecutions: 100 })
    const run = async (number) => {
      let next = 0
      const lane = async () => { while (next++ < number) await engine.run('/bin/true') }
      await Promise.all(Array.from({ length: 8 }, lane))
    }
    // Compilers, allocators and tables reach their size.
    await run(20_000)
    const before = { memory: memory('VmRSS'), descriptors: descriptors(), threads: threads() }
    await run(100_000)
    const after = { memory: memory('VmRSS'), descriptors: descriptors(), threads: threads(), zombies: zombies() }
    send({ before, after })
    `,
    temporaryFolder(t),
    undefined,
    1_200_000,
  )
  t.is(code, 0)
  const [{ before, after }] = sent as [Record<'before' | 'after', Record<string, number>>]
  t.log(before, after)
  t.true(after['memory']! < before['memory']! + 32 * 2 ** 20)
  t.true(after['descriptors']! <= before['descriptors']! + 1)
  t.true(after['threads']! <= before['threads']! + 1)
  t.is(after['zombies'], 0)
})

test('a thousand children of Node’s and a thousand of the engine’s end side by side', async (t) => {
  const { sent } = await runHost(
    `
    import { spawn } from 'node:child_process'
    const engine = new ExecutionEngine({ logDir, logging: false, maxConcurrentExecutions: 50 })
    const own = Array.from({ length: 1000 }, async (_, n) => (await engine.run('/bin/sh', ['-c', 'exit ' + n % 256])).exitCode === n % 256)
    let ended = 0
    for (let block = 0; block < 20; block += 1) {
      const codes = Array.from({ length: 50 }, (_, n) => new Promise((done) => {
        spawn('/bin/sh', ['-c', 'exit ' + n]).once('close', (code) => done(code === n))
      }))
      ended += (await Promise.all(codes)).filter(Boolean).length
    }
    send([(await Promise.all(own)).filter(Boolean).length, ended])
    `,
    temporaryFolder(t),
    undefined,
    300_000,
  )
  t.deepEqual(sent, [[1000, 1000]])
})

test('a loop that is blocked for ten seconds costs a flood of output no line, and no memory', async (t) => {
  const { sent } = await runHost(
    `${look}
    const engine = new ExecutionEngine({ logDir, logging: false, maxOutputSizeBytes: 2 ** 20 })
    await engine.run('/bin/true')
    const idle = memory('VmRSS')
    let lines = 0
    const execution = engine.run({ type: 'shell', command: 'seq 3000000' }, { onEvent: (event) => {
      if (event.type !== 'stdout') return
      if (lines++ === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000)
      if (lines === 1) send(memory('VmHWM') - idle)
    } })
    const { status } = await execution
    send([status, lines])
    `,
    temporaryFolder(t),
    undefined,
    120_000,
  )
  const [grown, end] = sent as [number, unknown]
  t.log(`${Math.round(grown / 2 ** 20)} MiB above idle`)
  t.true(grown < 16 * 2 ** 20)
  t.deepEqual(end, ['completed', 3_000_000])
})

test('ten gibibytes go by with thirty mebibytes above idle', async (t) => {
  const { sent } = await runHost(
    `${look}
    const engine = new ExecutionEngine({ logDir, logging: false, maxTimeoutMs: 600_000 })
    await engine.run('/bin/true')
    const idle = memory('VmRSS')
    const result = await engine.run('head', ['-c', String(10 * 2 ** 30), '/dev/zero'], { timeoutMs: 600_000 })
    send([result.status, result.stdoutBytes, memory('VmHWM') - idle])
    `,
    temporaryFolder(t),
    undefined,
    600_000,
  )
  const [[status, bytes, grown]] = sent as [[string, number, number]]
  t.log(`${Math.round(grown / 2 ** 20)} MiB above idle`)
  t.deepEqual([status, bytes], ['completed', 10 * 2 ** 30])
  t.true(grown < 30 * 2 ** 20)
})
