// A host that ends, or is disturbed, in the ways a Node program can be. (What a Rust host does is tested in Rust.)

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { temporaryFolder } from '@escher/testing/engine'
import { runHost } from '@escher/testing/host'
import { openTerminal } from '@escher/testing/terminal'
import { isAlive, until } from '@escher/testing/wait'

const logs = (logDir: string): string[] => readdirSync(logDir).map((name) => readFileSync(join(logDir, name), 'utf8'))

const pid = (sent: unknown): number => {
  if (typeof sent !== 'number') throw new TypeError(`no process id, but ${JSON.stringify(sent)}`)
  return sent
}

test('process.exit in the middle of an event leaves no child, and a log that is complete', async (t) => {
  const logDir = temporaryFolder(t)
  const { code, sent } = await runHost(
    `
    const engine = new ExecutionEngine({ logDir })
    engine.run({ type: 'shell', command: 'echo $$; sleep 1000' }, {
      onEvent: (event) => {
        if (event.type !== 'stdout') return
        send(Number(event.line))
        process.exit(3)
      },
    })
    `,
    logDir,
  )
  t.is(code, 3)
  await until(() => !isAlive(pid(sent[0])))
  t.regex(logs(logDir)[0] ?? '', /\n#end \{.*\}\n$/)
})

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
  test(`a host that ${signal} ends by default leaves no child`, async (t) => {
    const { signal: by, sent } = await runHost(
      `
      const engine = new ExecutionEngine({ logDir })
      engine.run({ type: 'shell', command: 'trap "" TERM HUP INT; sleep 1000 & echo $!; wait' }, {
        onEvent: (event) => event.type === 'stdout' && send(Number(event.line)),
      })
      `,
      temporaryFolder(t),
      (_, host) => process.kill(host, signal),
    )
    t.is(by, signal)
    await until(() => !isAlive(pid(sent[0])))
  })
}

test('an unreferenced engine is collected, and its executions end as they would have', async (t) => {
  const { code, sent } = await runHost(
    `
    require('node:v8').setFlagsFromString('--expose-gc')
    const gc = require('node:vm').runInNewContext('gc')
    let collected = 0
    const registry = new FinalizationRegistry(() => { collected += 1 })
    const begin = () => {
      const engine = new ExecutionEngine({ logDir })
      registry.register(engine)
      return engine.run({ type: 'shell', command: 'sleep 0.3; echo late' })
    }
    send((await Promise.all([begin(), begin(), begin()])).map(({ stdout }) => stdout))
    while (collected < 3) {
      gc()
      await new Promise((done) => setTimeout(done, 10))
    }
    send(collected)
    `,
    temporaryFolder(t),
  )
  t.is(code, 0)
  t.deepEqual(sent, [['late\n', 'late\n', 'late\n'], 3])
})

test('thousands of engines that are gone leave nothing behind', async (t) => {
  const { code, sent } = await runHost(
    `
    require('node:v8').setFlagsFromString('--expose-gc')
    const gc = require('node:vm').runInNewContext('gc')
    const turns = async (count) => {
      for (let left = count; left > 0; left -= 1) {
        gc()
        await new Promise((done) => setImmediate(done))
      }
    }
    const make = async (count) => {
      for (let made = 1; made <= count; made += 1) {
        new ExecutionEngine({ logDir, logging: false })
        if (made % 50 === 0) await turns(1)
      }
      await turns(10)
      return process.memoryUsage().rss
    }
    // Until memory has found its size.
    await make(4_000)
    let perEngine = Infinity
    // What leaks grows in every round; what an allocator keeps back does not.
    for (let round = 0; round < 5 && perEngine >= 300; round += 1) {
      const [before, after] = [await make(10), await make(4_000)]
      perEngine = Math.min(perEngine, (after - before) / 4_000)
    }
    send(perEngine)
    `,
    temporaryFolder(t),
  )
  t.is(code, 0)
  // One closure and one list entry that stays is 500 bytes.
  t.true(Number(sent[0]) < 300, `${String(sent[0])} bytes per engine`)
  t.log(`${String(sent[0])} bytes per engine`)
})

test('two engines in one program have limits, logs and ends of their own', async (t) => {
  const { code, sent } = await runHost(
    `
    const [one, two] = [1, 2].map((limit) => new ExecutionEngine({ logDir, maxConcurrentExecutions: limit }))
    const started = (engine, command) => new Promise((done) => {
      engine.execute({ command: { type: 'shell', command } }, (event) => { if (event.type === 'started') done(event) })
    })
    await Promise.all([started(one, 'sleep 1000'), started(two, 'sleep 1000'), started(two, 'echo second')])
    await one.shutdown()
    send([one.metrics().running, two.metrics().running > 0])
    send((await two.run({ type: 'shell', command: 'echo still' })).stdout)
    await two.shutdown()
    send(two.listExecutions({ status: 'cancelled' }).length)
    `,
    temporaryFolder(t),
  )
  t.is(code, 0)
  t.deepEqual(sent, [[0, true], 'still\n', 1])
})

// libuv reaps its children by SIGCHLD, which tokio would take from it (tokio#6770, libuv#154).
test('hundreds of children of Node’s and of the engine’s end side by side, none missed', async (t) => {
  const { code, sent } = await runHost(
    `
    import { spawn } from 'node:child_process'
    const engine = new ExecutionEngine({ logDir, logging: false, maxConcurrentExecutions: 20 })
    let next = 0
    const ended = { node: 0, engine: 0 }
    const lane = async () => {
      while (next < 300) {
        const expected = next++ % 256
        const args = ['-c', 'exit ' + expected]
        const [mine, nodes] = await Promise.all([
          engine.run('/bin/sh', args),
          new Promise((done, failed) => spawn('/bin/sh', args).once('error', failed).once('close', done)),
        ])
        ended.engine += Number(mine.exitCode === expected)
        ended.node += Number(nodes === expected)
      }
    }
    await Promise.all(Array.from({ length: 10 }, lane))
    send(ended)
    `,
    temporaryFolder(t),
  )
  t.is(code, 0)
  t.deepEqual(sent, [{ node: 300, engine: 300 }])
})

test('the workers of a cluster each run their own, and take them along when they are killed', async (t) => {
  const { code, sent } = await runHost(
    `
    import cluster from 'node:cluster'
    const source = \`
      const { ExecutionEngine } = require(process.argv[3])
      const engine = new ExecutionEngine({ logDir: process.argv[2] })
      engine.execute({ command: { type: 'shell', command: 'sleep 1000 & echo $!; wait' } }, (event) => {
        if (event.type === 'stdout') process.send(Number(event.line))
      })
    \`
    const file = logDir + '/worker.cjs'
    require('node:fs').writeFileSync(file, source)
    const args = [logDir + '/logs', require.resolve('@escher/execution-engine')]
    cluster.setupPrimary({ exec: file, args, execArgv: [] })
    const engine = new ExecutionEngine({ logDir: logDir + '/logs' })
    const begin = () => new Promise((done) => {
      const worker = cluster.fork()
      worker.once('message', (pid) => done([worker, pid]))
    })
    const workers = await Promise.all([begin(), begin()])
    send(workers.map(([, pid]) => pid))
    const gone = workers.map(([worker]) => new Promise((done) => worker.once('exit', done)))
    for (const [worker] of workers) worker.process.kill('SIGKILL')
    await Promise.all(gone)
    send((await engine.run({ type: 'shell', command: 'echo here' })).stdout)
    `,
    temporaryFolder(t),
  )
  t.is(code, 0)
  t.is(sent[1], 'here\n')
  for (const child of sent[0] as number[]) await until(() => !isAlive(child))
})

// Ctrl-C in a terminal is for the foreground group: the host decides what becomes of its commands.
test('the Ctrl-C of a terminal reaches the host and not its commands', async (t) => {
  const folder = temporaryFolder(t)
  const host = `
    const { ExecutionEngine } = require(${JSON.stringify(join(import.meta.dirname, '../..'))})
    const engine = new ExecutionEngine({ logDir: ${JSON.stringify(join(folder, 'logs'))} })
    const command = 'trap "echo interrupted" INT; echo ready; read go; echo done'
    const execution = engine.run({ type: 'shell', command }, { stdin: 'pipe', onEvent: (event) => {
      if (event.type === 'stdout') console.log('line ' + event.line)
    } })
    process.on('SIGINT', () => { console.log('host interrupted'); execution.stdin.end('go\\n') })
    execution.then(({ status, stdout }) => { console.log(JSON.stringify({ status, stdout })) })
  `
  const terminal = openTerminal(t, folder, [process.execPath, '-e', host])
  if (!terminal) return
  await terminal.until(/line ready/)
  terminal.type('C-c')
  const screen = await terminal.until(/ended 0/)
  t.true(screen.includes('host interrupted'), screen)
  t.true(screen.includes('{"status":"completed","stdout":"ready\\ndone\\n"}'), screen)
})

test('a listener that blocks the event loop holds its child back, and loses nothing', async (t) => {
  const { code, sent } = await runHost(
    `
    const engine = new ExecutionEngine({ logDir, logging: false })
    const many = { type: 'shell', command: 'seq 300000' }
    let lines = 0
    let isBlocked = false
    const blocked = engine.run(many, { onEvent: (event) => {
      if (event.type !== 'stdout') return
      lines += 1
      if (isBlocked) return
      isBlocked = true
      // Nothing in this thread happens meanwhile.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)
    } })
    const silent = engine.run(many)
    const results = await Promise.all([blocked, silent])
    send([lines, ...results.map(({ status, stdoutBytes }) => status + ' ' + stdoutBytes)])
    `,
    temporaryFolder(t),
  )
  t.is(code, 0)
  t.deepEqual(sent, [[300_000, 'completed 1988895', 'completed 1988895']])
})

test('a listener may call the engine: start, look up, cancel and wait', async (t) => {
  const { code, sent } = await runHost(
    `
    const engine = new ExecutionEngine({ logDir, maxConcurrentExecutions: 1 })
    const seen = []
    const first = await engine.execute({ command: { type: 'shell', command: 'echo a; sleep 1000' } }, async (event) => {
      if (event.type !== 'stdout') return
      seen.push(engine.getStatus(event.executionId))
      const second = await engine.execute({ command: { type: 'shell', command: 'echo b' } })
      seen.push(await engine.cancel(event.executionId))
      seen.push((await engine.waitForCompletion(second)).stdout)
      send(seen)
    })
    send((await engine.waitForCompletion(first)).status)
    `,
    temporaryFolder(t),
  )
  t.is(code, 0)
  t.deepEqual(sent, ['cancelled', ['running', true, 'b\n']])
})
