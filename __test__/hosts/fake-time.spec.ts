// Tests that fake time: what an engine waits for must come all the same, during the fakes and after them.

import test, { type ExecutionContext } from 'ava'

import { temporaryFolder } from '@escher/testing/engine'
import { runHost } from '@escher/testing/host'

/** What needs a later turn of the event loop, or a moment: each sentBy what came of it. */
const work = `
const work = {
  'a short command': async (engine) => (await engine.run('echo', ['x'])).stdout,
  'many lines to a listener': async (engine) => {
    let lines = 0
    const onEvent = ({ type }) => type === 'stdout' && (lines += 1)
    await engine.run('seq', ['50000'], { onEvent })
    return lines
  },
  'many lines to a loop': async (engine) => {
    let lines = 0
    for await (const line of engine.run('seq', ['50000'])) lines += 1
    return lines
  },
  'twenty at once': async (engine) => {
    const all = Array.from({ length: 20 }, () => engine.run('seq', ['2000']))
    return (await Promise.all(all)).every(({ stdoutBytes }) => stdoutBytes === 8893)
  },
  'a timeout': async (engine) => (await engine.run('sleep', ['1000'], { timeoutMs: 50 })).status,
  'a followed log': async (engine) => {
    const id = await engine.execute({ command: { type: 'shell', command: 'echo a; sleep 0.2; echo b' } })
    let lines = 0
    for await (const { type } of engine.readLogs(id, { format: 'records', follow: true })) lines += type === 'output'
    return lines
  },
}
const sendAll = async (engine) => {
  for (const name in work) send([name, await work[name](engine)])
}
`

const outcomes = [
  ['a short command', 'x\n'],
  ['many lines to a listener', 50_000],
  ['many lines to a loop', 50_000],
  ['twenty at once', true],
  ['a timeout', 'timeout'],
  ['a followed log', 2],
]

const sentBy = async (t: ExecutionContext, code: string): Promise<unknown[]> => {
  const { sent, stderr } = await runHost(`${work}\n${code}`, temporaryFolder(t))
  t.is(stderr.replaceAll(/^.*ExperimentalWarning.*\n|^.*--trace-warnings.*\n/gm, ''), '')
  return sent
}

test("the mocked timers of Node's test runner hold nothing up, nor does their end", async (t) => {
  const sent = await sentBy(
    t,
    `
    const { mock } = await import('node:test')
    const engine = new ExecutionEngine({ logDir })
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] })
    await sendAll(engine)
    mock.timers.reset()
    await sendAll(engine)
    await engine.shutdown()
    `,
  )
  t.deepEqual(sent, [...outcomes, ...outcomes])
})

test('fakes of the globals and of the modules, as of sinon, jest and vitest, hold nothing up', async (t) => {
  const sent = await sentBy(
    t,
    `
    const engine = new ExecutionEngine({ logDir })
    const undo = []
    const fake = (object, name, value = () => ({ unref() {}, ref() {} })) => {
      const real = object[name]
      object[name] = value
      undo.push(() => (object[name] = real))
    }
    const timers = require('node:timers')
    for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout']) {
      fake(globalThis, name)
      fake(timers, name)
    }
    for (const name of ['setTimeout', 'setImmediate']) fake(require('node:timers/promises'), name, () => new Promise(() => {}))
    fake(globalThis, 'queueMicrotask')
    fake(performance, 'now', () => 0)
    fake(globalThis, 'Date', class extends Date { constructor() { super(0) } })
    await sendAll(engine)
    const years = new Set()
    await engine.run('echo', ['x'], { onEvent: ({ timestamp }) => years.add(timestamp.slice(0, 4) > '2000') })
    send([...years])
    for (const one of undo) one()
    await sendAll(engine)
    await engine.shutdown()
    `,
  )
  t.deepEqual(sent, [...outcomes, [true], ...outcomes])
})

test('an exception of a listener is an uncaught exception even if `process.nextTick` is faked', async (t) => {
  const { sent } = await runHost(
    `
    process.on('uncaughtException', (error) => send(error.message))
    const engine = new ExecutionEngine({ logDir })
    await engine.run('true')
    const real = process.nextTick
    process.nextTick = () => {}
    await engine.run('true', { onEvent: () => { throw new Error('mine') } })
    process.nextTick = real
    `,
    temporaryFolder(t),
  )
  t.deepEqual(sent, ['mine', 'mine'])
})

test('entries reach a logger whatever happens to `setImmediate`', async (t) => {
  const { sent } = await runHost(
    `
    const { setLogger } = await import('@escher/execution-engine')
    const logged = new Promise((resolve) => setLogger('debug', ({ message }) => message === 'ended' && resolve(message)))
    const real = setImmediate
    globalThis.setImmediate = () => {}
    const engine = new ExecutionEngine({ logDir })
    for (let round = 0; round < 3; round += 1) await engine.run('true')
    send(await logged)
    globalThis.setImmediate = real
    `,
    temporaryFolder(t),
  )
  t.deepEqual(sent, ['ended'])
})
