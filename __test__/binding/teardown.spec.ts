import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { forever, temporaryFolder } from '@escher/testing/engine'
import { runHost } from '@escher/testing/host'
import { isAlive, until } from '@escher/testing/wait'

// A host's program is an ES module, and so is its workers'.
// Starts something endless and sends its process id.
const begin = `
  const start = async (engine) => {
    const request = { command: { type: 'exec', program: forever[0], args: forever[1] } }
    return new Promise((done) => {
      engine.execute(request, (event) => { if (event.type === 'started') done(event.pid) })
    })
  }
  `

const childOf = (sent: unknown[]): number => {
  if (typeof sent[0] !== 'number') throw new TypeError(`no process id, but ${JSON.stringify(sent)}`)
  return sent[0]
}

test('an idle engine does not keep Node alive', async (t) => {
  const { code, sent } = await runHost(
    `
    const engine = new ExecutionEngine({ logDir })
    send((await engine.run({ type: 'shell', command: 'echo 1' })).status)
    new ExecutionEngine({ logDir })
    `,
    temporaryFolder(t),
  )
  t.is(code, 0)
  t.deepEqual(sent, ['completed'])
})

test('a live execution keeps Node alive to its end', async (t) => {
  const { code, sent } = await runHost(
    `
    const engine = new ExecutionEngine({ logDir })
    const request = { command: { type: 'shell', command: 'sleep 0.3; echo done' } }
    engine.execute(request, (event) => { if (event.type === 'stdout') send(event.line) })
    `,
    temporaryFolder(t),
  )
  t.is(code, 0)
  t.deepEqual(sent, ['done'])
})

test('an iteration that was abandoned does not keep Node alive', async (t) => {
  const { code } = await runHost(
    `
    const engine = new ExecutionEngine({ logDir })
    const many = engine.run(process.execPath, ['-e', 'console.log("x".repeat(99).concat("\\\\n").repeat(4_000))'])
    await many[Symbol.asyncIterator]().next()
    `,
    temporaryFolder(t),
  )
  t.is(code, 0)
})

test('an iteration that was abandoned and collected lets its execution end', async (t) => {
  const { code, sent } = await runHost(
    `
    require('node:v8').setFlagsFromString('--expose-gc')
    const gc = require('node:vm').runInNewContext('gc')
    const engine = new ExecutionEngine({ logDir })
    const begin = async () => {
      const many = engine.run(process.execPath, ['-e', 'console.log("x".repeat(99).concat("\\\\n").repeat(40_000))'])
      await many[Symbol.asyncIterator]().next()
      return many.id
    }
    const id = await begin()
    while (engine.getResult(id) === null) {
      gc()
      await new Promise((done) => setTimeout(done, 20))
    }
    send(engine.getResult(id).stdoutBytes)
    `,
    temporaryFolder(t),
  )
  t.is(code, 0)
  t.deepEqual(sent, [4_000_001])
})

test('process.exit leaves no child, and a log that is complete', async (t) => {
  const logDir = temporaryFolder(t)
  const { code, sent } = await runHost(
    `${begin}
    send(await start(new ExecutionEngine({ logDir })))
    process.exit(7)
    `,
    logDir,
  )
  t.is(code, 7)
  await until(() => !isAlive(childOf(sent)))
  const [log] = readdirSync(logDir)
  t.regex(readFileSync(join(logDir, log!), 'utf8'), /\n#end \{.*\}\n$/)
})

test('an uncaught exception leaves no child', async (t) => {
  const { code, sent, stderr } = await runHost(
    `${begin}
    send(await start(new ExecutionEngine({ logDir })))
    setImmediate(() => { throw new Error('on purpose') })
    `,
    temporaryFolder(t),
  )
  t.is(code, 1)
  t.regex(stderr, /on purpose/)
  await until(() => !isAlive(childOf(sent)))
})

test('a host that is killed leaves no child', async (t) => {
  const { signal, sent } = await runHost(
    `${begin}
    send(await start(new ExecutionEngine({ logDir })))
    setInterval(() => {}, 1000)
    `,
    temporaryFolder(t),
    (_, host) => process.kill(host, 'SIGKILL'),
  )
  t.is(signal, 'SIGKILL')
  await until(() => !isAlive(childOf(sent)))
})

const inWorker = (source: string): string => `
  import { Worker } from 'node:worker_threads'
  import { once } from 'node:events'
  const source = ${JSON.stringify(`
    import { parentPort, workerData as logDir } from 'node:worker_threads'
    import { ExecutionEngine } from '@escher/execution-engine'
    const forever = ${JSON.stringify(forever)}
    ${begin}
    ${source}
  `)}
  const worker = () => new Worker(source, { eval: true, workerData: logDir })
  `

test('a worker runs executions, also several workers and one after the other', async (t) => {
  const { code, sent } = await runHost(
    `${inWorker(`
      const engine = new ExecutionEngine({ logDir })
      engine.run({ type: 'shell', command: 'echo hello' }).then(({ stdout }) => parentPort.postMessage(stdout))
    `)}
    const once = async () => new Promise((done) => {
      let said
      worker().on('message', (text) => (said = text)).on('exit', (code) => done([said, code]))
    })
    send(await Promise.all([once(), once()]))
    send(await once())
    const engine = new ExecutionEngine({ logDir })
    send((await engine.run({ type: 'shell', command: 'echo here' })).stdout)
    send(await once())
    `.replace("import { once } from 'node:events'", ''),
    temporaryFolder(t),
  )
  const said = ['hello\n', 0]
  t.deepEqual(sent, [[said, said], said, 'here\n', said])
  t.is(code, 0)
})

test('the end of a worker leaves no child, and the rest of the program goes on', async (t) => {
  const { code, sent } = await runHost(
    `${inWorker(`start(new ExecutionEngine({ logDir })).then((pid) => parentPort.postMessage(pid))`)}
    const one = worker()
    const [pid] = await once(one, 'message')
    send(pid)
    await one.terminate()
    const engine = new ExecutionEngine({ logDir })
    send((await engine.run({ type: 'shell', command: 'echo after' })).stdout)
    `,
    temporaryFolder(t),
  )
  t.is(code, 0)
  t.is(sent[1], 'after\n')
  await until(() => !isAlive(childOf(sent)))
})

test('a worker that ends amid a flood of lines disturbs nothing else', async (t) => {
  const { code, sent, stderr } = await runHost(
    `${inWorker(`
      const engine = new ExecutionEngine({ logDir })
      let isTold = false
      engine.execute({ command: { type: 'shell', command: 'yes' } }, (event) => {
        if (event.type !== 'stdout' || isTold) return
        isTold = true
        parentPort.postMessage('flowing')
      })
    `)}
    for (let round = 0; round < 3; round += 1) {
      const one = worker()
      await once(one, 'message')
      await one.terminate()
    }
    send('alive')
    `,
    temporaryFolder(t),
  )
  t.is(stderr, '')
  t.deepEqual(sent, ['alive'])
  t.is(code, 0)
})

test('children of Node’s own end as they would without the engine', async (t) => {
  const { sent } = await runHost(
    `
    import { spawn } from 'node:child_process'
    import { once } from 'node:events'
    const engine = new ExecutionEngine({ logDir })
    const codes = Array.from({ length: 20 }, async (_, index) => {
      const mine = engine.run({ type: 'shell', command: 'exit ' + index })
      const [code] = await once(spawn('/bin/sh', ['-c', 'exit ' + index]), 'exit')
      return code === index && (await mine).exitCode === index
    })
    send((await Promise.all(codes)).every(Boolean))
    `,
    temporaryFolder(t),
  )
  t.deepEqual(sent, [true])
})

test('a large output is whole in a program that has ended the worker, and the engine, that it came from', async (t) => {
  // As much as is handed over without a copy, and some that cannot be: no ASCII.
  const { code, sent } = await runHost(
    `${inWorker(`
    const engine = new ExecutionEngine({ logDir })
    const both = ['seq 200000', 'seq 200000; echo é'].map((command) => engine.run({ type: 'shell', command }))
    Promise.all(both).then((results) => parentPort.postMessage(results))`)}
    const collect = () => { for (let i = 0; i < 20; i += 1) Array.from({ length: 1e5 }, String) }
    const first = worker()
    const results = await new Promise((done) => first.once('message', done))
    await first.terminate()
    collect()
    const engine = new ExecutionEngine({ logDir })
    results.push(await engine.run({ type: 'shell', command: 'seq 200000' }))
    await engine.shutdown()
    collect()
    for (const { stdout } of results) send([stdout.length, stdout.trimEnd().split('\\n').at(-1)])
    `,
    temporaryFolder(t),
  )
  t.is(code, 0)
  t.deepEqual(sent, [
    [1_288_895, '200000'],
    [1_288_897, 'é'],
    [1_288_895, '200000'],
  ])
})
