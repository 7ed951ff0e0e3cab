// What a library, or an attacker, hangs on the prototypes of objects, arrays and the like changes nothing.

import test from 'ava'

import { temporaryFolder } from '@escher/testing/engine'
import { runHost } from '@escher/testing/host'

/** Each is on a prototype while everything of \`uses\` is done once. */
const code = `
const hung = {
  aborted: true, allowed: 'x', args: ['evil'], bytes: 'ZXZpbA==', cause: 1, code: 'X', command: { type: 'exec', program: 'false' },
  data: 'x', env: { X: '1' }, field: 'x', follow: true, force: true, format: 'records', get: 1, href: 'file:///no',
  id: 'nonsense', inheritEnv: false, interpreter: '/no', isFailure: true, killGraceMs: 1, killSignal: 'SIGKILL', logDir: '/proc/no',
  message: 'evil', metadata: { source: 'evil' }, next: 1, onEvent: () => send('evil'), options: {}, oversizedOutput: 'x',
  path: '/no', pid: 1, profile: 'x', program: 'false', protocol: 'file:', reason: 'x', reject: true, result: 1,
  return: 1, secrets: ['hi'], shell: '/no', signal: AbortSignal.abort(), status: 'failed', stdin: { text: 'evil' },
  stopSurvivors: 'x', stream: 'stderr', tags: { a: 1 }, text: 'evil', timeoutMs: 1, toJSON: () => ({}), type: 'shell',
  unref: 1, value: 1, workingDir: '/no', 0: 'evil', 1: 'evil', 2: 'evil',
}
const uses = {
  run: async (engine) => {
    const { status, stdout } = await engine.run('cat', ['-'], {})
    return [status, stdout]
  },
  'a command': async (engine) => {
    const { status, stdout } = await engine.run({ type: 'shell', command: 'echo hi' }, { env: { A: 'b' } })
    return [status, stdout]
  },
  'a failure': async (engine) => {
    const { exitCode, metadata } = await engine.run('sh', ['-c', 'exit 3'], { secrets: ['swordfish'], metadata: {} })
    return [exitCode, Object.keys(metadata)]
  },
  'events and lines': async (engine) => {
    const types = []
    const lines = []
    const execution = engine.run('echo', ['hi'], { onEvent: ({ type }) => types.push(type) })
    for await (const { stream, text } of execution) lines.push(stream, text)
    return [types, lines]
  },
  'by id': async (engine) => {
    const id = await engine.execute({ command: { type: 'exec', program: 'echo', args: ['hi'] } })
    const { stdout } = await engine.waitForCompletion(id)
    return [stdout, engine.getStatus(id), engine.getSummary(id).command, await engine.cancel(id, {})]
  },
  logs: async (engine) => {
    const { id } = await engine.run('echo', ['hi'])
    const text = await engine.readLogs(id, {})
    let records = 0
    for await (const record of engine.readLogs(id, { format: 'records' })) records += record.type === 'output'
    return [typeof text, text.includes('hi'), records]
  },
  lists: async (engine) => [engine.listExecutions({}).length > 0, (await engine.recover({})).length],
  refusals: async (engine) => {
    const holes = ['a', , 'c']
    return [
      await engine.run('echo', holes).catch(({ field }) => field),
      await engine.run('').catch((error) => [error.field, Object.hasOwn(error, 'cause')]),
      await engine.run('echo', [], { stdin: {} }).catch(({ field }) => field),
      await engine.run({}).catch(({ field }) => field),
    ]
  },
}
const all = async (engine, prototype, name) => {
  const seen = {}
  for (const use in uses) {
    if (name !== undefined) Object.defineProperty(prototype, name, { value: hung[name], configurable: true, writable: true, enumerable: true })
    try {
      seen[use] = await uses[use](engine)
    } catch (error) {
      seen[use] = String(error)
    } finally {
      delete prototype[name]
    }
  }
  return JSON.stringify(seen)
}
const engine = new ExecutionEngine({ logDir, maxRetainedExecutions: 3 })
const names = Object.keys(hung)
`

for (const prototype of ['Object', 'Array']) {
  test(`properties of ${prototype}.prototype are no options`, async (t) => {
    const { sent, stderr } = await runHost(
      `
      ${code}
      const prototype = ${prototype}.prototype
      const expected = await all(engine, prototype)
      send(expected)
      for (const name of names) {
        const seen = await all(engine, prototype, name)
        if (seen !== expected) send([name, seen])
      }
      `,
      temporaryFolder(t),
    )
    t.is(stderr, '')
    t.deepEqual(sent, [
      JSON.stringify({
        run: ['completed', ''],
        'a command': ['completed', 'hi\n'],
        'a failure': [3, []],
        'events and lines': [
          ['started', 'stdout', 'completed'],
          ['stdout', 'hi'],
        ],
        'by id': ['hi\n', 'completed', 'echo hi', false],
        logs: ['string', true, 1],
        lists: [true, 0],
        refusals: ['command.args[1]', ['command.program', false], 'stdin', 'command.type'],
      }),
    ])
  })
}

test('nor are they settings of an engine', async (t) => {
  const { sent } = await runHost(
    `
    const expected = JSON.stringify(new ExecutionEngine({}).config)
    for (const [name, value] of [['logDir', '/x'], ['maxTimeoutMs', 1], ['secrets', ['x']], ['toJSON', () => ({})]]) {
      Object.prototype[name] = value
      const { config } = new ExecutionEngine({})
      delete Object.prototype[name]
      send(JSON.stringify(config) === expected)
    }
    `,
    temporaryFolder(t),
  )
  t.deepEqual(sent, [true, true, true, true])
})

test('nor are they options of a playbook', async (t) => {
  const { sent, stderr } = await runHost(
    `
    const { ExecutionManager, parsePlaybook } = await import('@escher/execution-manager')
    const playbook = parsePlaybook(JSON.stringify({ playbook_id: 'test', steps: [{ command: ['cat'] }] }))
    const engine = new ExecutionEngine({ logDir })
    const hung = { dryRun: true, env: { A: 1 }, resumeFrom: {}, signal: AbortSignal.abort(), stdin: { text: 'evil' }, value: 1 }
    for (const [name, value] of Object.entries(hung)) {
      Object.prototype[name] = value
      const { status, steps } = await new ExecutionManager(engine).run(playbook, {}).wait().finally(() => delete Object.prototype[name])
      send([name, status, steps[0].attempts.map(({ exitCode }) => exitCode)])
    }
    `,
    temporaryFolder(t),
  )
  const names = ['dryRun', 'env', 'resumeFrom', 'signal', 'stdin', 'value']
  t.deepEqual(
    sent,
    names.map((name) => [name, 'completed', [0]]),
    stderr,
  )
})
