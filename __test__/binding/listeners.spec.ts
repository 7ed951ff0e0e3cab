import test from 'ava'

import { temporaryFolder } from '@escher/testing/engine'
import { runHost } from '@escher/testing/host'

test('a listener that throws is an uncaught exception, and disturbs no other execution', async (t) => {
  const { code, sent } = await runHost(
    `
    process.on('uncaughtException', (error) => send({ uncaught: error.message }))
    const engine = new ExecutionEngine({ logDir })
    const request = { command: { type: 'shell', command: 'echo 1; echo 2' } }
    const own = []
    const other = []
    const bad = await engine.execute(request, (event) => {
      own.push(event.type)
      if (event.type === 'stdout') throw new Error('line ' + event.line)
    })
    const good = await engine.execute(request, (event) => other.push(event.type))
    const statuses = [await engine.waitForCompletion(bad), await engine.waitForCompletion(good)].map((r) => r.status)
    const again = await engine.run({ type: 'shell', command: 'echo 3' })
    setImmediate(() => send({ own, other, statuses, again: again.stdout }))
    `,
    temporaryFolder(t),
  )
  t.is(code, 0)
  const events = ['started', 'stdout', 'stdout', 'completed']
  const statuses = ['completed', 'completed']
  t.deepEqual(sent, [
    { uncaught: 'line 1' },
    { uncaught: 'line 2' },
    { own: events, other: events, statuses, again: '3\n' },
  ])
})

test('without a handler, a listener that throws ends the program, and no child is left', async (t) => {
  const { code, stderr } = await runHost(
    `
    const engine = new ExecutionEngine({ logDir })
    const request = { command: { type: 'exec', program: forever[0], args: forever[1] } }
    await engine.execute(request, () => { throw new Error('on purpose') })
    `,
    temporaryFolder(t),
  )
  t.is(code, 1)
  t.regex(stderr, /Error: on purpose/)
})

test('a listener whose promise rejects is an unhandled rejection', async (t) => {
  const { sent } = await runHost(
    `
    process.on('unhandledRejection', (error) => send(error.message))
    const engine = new ExecutionEngine({ logDir })
    const request = { command: { type: 'shell', command: 'exit 0' } }
    const id = await engine.execute(request, async (event) => {
      if ('result' in event) throw new Error('late')
    })
    send((await engine.waitForCompletion(id)).status)
    `,
    temporaryFolder(t),
  )
  t.deepEqual(sent.toSorted(), ['completed', 'late'])
})

test('an unobserved failure is no unhandled rejection', async (t) => {
  const { code, stderr } = await runHost(
    `
    const engine = new ExecutionEngine({ logDir })
    engine.run('no-such-program-anywhere')
    engine.run({ type: 'shell', command: 'exit 3' })
    for await (const line of engine.run({ type: 'shell', command: 'exit 3' })) send(line)
    `,
    temporaryFolder(t),
  )
  t.is(stderr, '')
  t.is(code, 0)
})

test('an unobserved rejection is unhandled, where rejections were asked for', async (t) => {
  const { sent } = await runHost(
    `
    process.on('unhandledRejection', (error) => send([error.name, error.code]))
    new ExecutionEngine({ logDir }).run({ type: 'shell', command: 'exit 3' }, { reject: true })
    `,
    temporaryFolder(t),
  )
  t.deepEqual(sent, [['ExecutionError', 'NON_ZERO_EXIT']])
})

test('the event loop keeps turning while lines pour in', async (t) => {
  const { sent } = await runHost(
    `
    import { monitorEventLoopDelay } from 'node:perf_hooks'
    const engine = new ExecutionEngine({ logDir, logging: false })
    const delay = monitorEventLoopDelay({ resolution: 1 })
    let ticks = 0
    const timer = setInterval(() => (ticks += 1), 1)
    delay.enable()
    let lines = 0
    const request = { command: { type: 'shell', command: 'yes 0123456789012345678901234567890123456789 | head -n 3000000' } }
    const id = await engine.execute(request, (event) => { if (event.type === 'stdout') lines += 1 })
    await engine.waitForCompletion(id)
    clearInterval(timer)
    send({ lines, ticks, worstMs: delay.max / 1e6 })
    `,
    temporaryFolder(t),
  )
  const { lines, ticks, worstMs } = sent[0] as { lines: number; ticks: number; worstMs: number }
  t.log(`${ticks} turns of a timer, worst delay ${Math.round(worstMs)} ms`)
  t.is(lines, 3_000_000)
  t.true(ticks > 20)
  // A net for a machine that is busy with other tests; what it is on a quiet one, the benches say.
  t.true(worstMs < 5000)
})
