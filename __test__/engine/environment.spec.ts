// What a command has of its host: environment and working directory, as they are at the call.

import { mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'

import test, { type ExecutionContext } from 'ava'

import { temporaryFolder } from '@escher/testing/engine'
import { runHost } from '@escher/testing/host'
import { startProgram } from '@escher/testing/program'

/** Generous: commands are slow on a busy machine, and the environment is large meanwhile. */
const NET_MS = 4 * 60_000

/** What a program sent that ended well: a process of its own, whose environment may change. */
const sent = async (t: ExecutionContext, code: string): Promise<unknown[]> => {
  const logDir = temporaryFolder(t)
  const host = await runHost(code, logDir, undefined, NET_MS)
  t.deepEqual([host.code, host.signal, host.stderr], [0, null, ''])
  return host.sent
}

/** A worker thread in which `code` runs; it sends through `send`, as its host does. */
const inWorker = (code: string, options = ''): string => `
  const { SHARE_ENV, Worker } = require('node:worker_threads')
  const source = ${JSON.stringify(code)}
  const head = \`
    const require = process.getBuiltinModule('node:module').createRequire(\${JSON.stringify(process.cwd() + '/')})
    const { ExecutionEngine } = require('@escher/execution-engine')
    const logDir = \${JSON.stringify(logDir)}
    const send = (value) => require('node:worker_threads').parentPort.postMessage(value)
  \`
  const worker = new Worker(\`\${head}; (async () => { \${source} })()\`, { eval: true, ${options} })
  worker.on('message', send)
  await new Promise((done) => worker.once('exit', done))
`

const atTheCall = `
  const engine = new ExecutionEngine({ logDir, maxConcurrentExecutions: 1 })
  const seen = []
  for (let i = 0; i < 30; i += 1) {
    process.env.SEEN = 'v' + i
    const running = engine.run('sh', ['-c', 'echo $SEEN'])
    process.env.SEEN = 'later'
    seen.push((await running).stdout.trim())
  }
  process.env.SEEN = 'at the call'
  const blocking = engine.run('cat', [], { stdin: 'pipe' })
  const queued = engine.run('sh', ['-c', 'echo $SEEN'])
  delete process.env.SEEN
  blocking.stdin.end()
  send([...seen, (await queued).stdout.trim()])
  await engine.shutdown()
`
const seenAtTheCall = [...Array.from({ length: 30 }, (_, i) => `v${i}`), 'at the call']

test('a command has the environment of its call, also one that waited for its turn', async (t) => {
  t.deepEqual(await sent(t, atTheCall), [seenAtTheCall])
})

test('so it has beside worker threads', async (t) => {
  const beside = `
    const { Worker } = require('node:worker_threads')
    const worker = new Worker('setInterval(() => {}, 1000)', { eval: true })
    ${atTheCall}
    await worker.terminate()
  `
  t.deepEqual(await sent(t, beside), [seenAtTheCall])
})

test('so it has in a worker thread', async (t) => {
  t.deepEqual(await sent(t, inWorker(atTheCall)), [seenAtTheCall])
})

test('a command has the working directory of its call, and a relative one is relative to that', async (t) => {
  const folder = realpathSync(temporaryFolder(t))
  for (const name of ['first', 'first/inner', 'second', 'second/inner']) mkdirSync(join(folder, name))
  const code = `
    process.chdir(${JSON.stringify(join(folder, 'first'))})
    const engine = new ExecutionEngine({ logDir: 'logs', maxConcurrentExecutions: 1 })
    const blocking = engine.run('cat', [], { stdin: 'pipe' })
    const queued = [engine.run('pwd'), engine.run('pwd', [], { workingDir: 'inner' })]
    process.chdir(${JSON.stringify(join(folder, 'second'))})
    blocking.stdin.end()
    for (const { stdout, logPath } of await Promise.all(queued)) send([stdout.trim(), require('node:path').dirname(logPath)])
    await engine.shutdown()
  `
  const [first, logs] = [join(folder, 'first'), join(folder, 'first/logs')]
  t.deepEqual(await sent(t, code), [
    [first, logs],
    [join(first, 'inner'), logs],
  ])
})

/** Runs commands while `process.env` changes all the time, so often that its memory moves. */
const whileItChanges = (change: string): string => `
  const engine = new ExecutionEngine({ logging: false, maxConcurrentExecutions: 8 })
  let left = 500
  const run = async () => {
    while (left-- > 0) await engine.run('true', [], left % 2 ? {} : { inheritEnv: false })
  }
  ${change}
  await Promise.all([change(), ...Array.from({ length: 8 }, run)])
  send('survived')
  await engine.shutdown()
`

const changing = `
  const change = async () => {
    for (let i = 0; left > 0; i += 2000) {
      for (let k = i; k < i + 2000; k += 1) process.env['V_' + k] = 'x'.repeat(20)
      for (let k = i; k < i + 2000; k += 1) delete process.env['V_' + k]
      await new Promise((done) => setImmediate(done))
    }
  }
`

test('a host survives that changes its environment while commands start', async (t) => {
  t.deepEqual(await sent(t, whileItChanges(changing)), ['survived'])
})

for (const [when, load] of [
  ['before', `import { SHARE_ENV, Worker } from 'node:worker_threads'`],
  ['after', `const { SHARE_ENV, Worker } = require('node:worker_threads')`],
]) {
  test(`so does one whose environment a worker thread changes that came ${when} the engine`, async (t) => {
    const code = `
      ${load}
      const source = 'let left = 1;' + ${JSON.stringify(changing)} + 'change()'
      const worker = new Worker(source, { eval: true, env: SHARE_ENV })
      ${whileItChanges('const change = () => {}')}
      await worker.terminate()
    `
    t.deepEqual(await sent(t, code), ['survived'])
  })
}

test('in a worker thread commands have its environment, and nothing of the main one', async (t) => {
  const code = `
    process.env.IN_WORKER = 'yes'
    const engine = new ExecutionEngine({ logDir })
    const { stdout } = await engine.run('/usr/bin/env')
    send(stdout.split('\\n').map((line) => line.split('=')[0]).filter((name) => name !== '').toSorted())
    await engine.shutdown()
  `
  const inMain = `process.env.MAIN_ONLY = 'secret'\n`
  t.deepEqual(await sent(t, inMain + inWorker(code, "env: { FROM_OPTION: '1' }")), [
    ['ESCHER_EXECUTION_ID', 'FROM_OPTION', 'IN_WORKER'],
  ])
  t.deepEqual(await sent(t, inMain + inWorker(code, 'env: {}')), [['ESCHER_EXECUTION_ID', 'IN_WORKER']])
})

test('a worker thread that shares the environment changes that of commands of both', async (t) => {
  const inShared = `
    process.env.SHARED = 'by the worker'
    const engine = new ExecutionEngine({ logDir })
    send((await engine.run('sh', ['-c', 'echo $SHARED'])).stdout.trim())
    await engine.shutdown()
  `
  const inMain = `
    const engine = new ExecutionEngine({ logDir })
    send((await engine.run('sh', ['-c', 'echo $SHARED'])).stdout.trim())
    await engine.shutdown()
  `
  t.deepEqual(await sent(t, inWorker(inShared, 'env: SHARE_ENV') + inMain), ['by the worker', 'by the worker'])
})

test('the default log directory of an engine in a worker thread is where its own TMPDIR says', async (t) => {
  const folder = temporaryFolder(t)
  const code = `
    const engine = new ExecutionEngine()
    send((await engine.run('/bin/true')).logPath)
    await engine.shutdown()
  `
  const [logPath] = await sent(t, inWorker(code, `env: { TMPDIR: ${JSON.stringify(folder)} }`))
  t.true(typeof logPath === 'string' && logPath.startsWith(join(folder, 'cloudops-executions')))
})

test('an object in the place of process.env counts', async (t) => {
  const code = `
    const engine = new ExecutionEngine({ logDir })
    const own = process.env
    process.env = { PATH: own.PATH, REPLACED: 'yes', LEFT_OUT: undefined }
    send((await engine.run('env')).stdout.split('\\n').filter((line) => /^(REPLACED|LEFT_OUT)/.test(line)))
    process.env = new Proxy(own, { ownKeys: () => ['PATH'] })
    send((await engine.run('/usr/bin/env')).stdout.trim().split('\\n').map((line) => line.split('=')[0]).toSorted())
    await engine.shutdown()
  `
  t.deepEqual(await sent(t, code), [['REPLACED=yes'], ['ESCHER_EXECUTION_ID', 'PATH']])
})

test('variables that are not UTF-8 reach commands of the main thread unchanged', async (t) => {
  const code = `
    const { ExecutionEngine } = require('@escher/execution-engine')
    const engine = new ExecutionEngine({ logging: false })
    engine.run('sh', ['-c', 'printf %s "$LATIN" | od -An -tx1']).then(({ stdout }) => process.stdout.write(stdout))
  `
  const start = `LATIN=$(printf 'caf\\351') exec "$0" -e "$1"`
  const spawn = `require('node:child_process').spawnSync('sh', ['-c', ...process.argv.slice(1)], { stdio: 'inherit' })`
  const { stdout } = await startProgram(t, ['-e', spawn, start, process.execPath, code]).ended
  t.is(stdout.trim(), '63 61 66 e9')
})
