import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { isAlive, until } from '@escher/testing/wait'
import { testCli } from './helpers/cli.js'

test('output goes where the program sent it, and the code is the program’s own', async (t) => {
  const { run } = testCli(t)
  const { code, stdout, stderr } = await run(['exec', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7'])
  t.deepEqual([code, stdout, stderr], [7, 'out\n', 'err\n'])
})

test('output that is no text is not changed without a word, and its bytes are in the log', async (t) => {
  const { run } = testCli(t)
  for (const bytes of ['\\377\\376\\000\\001\\n', 'a\\r\\nb\\n', 'x\\r\\n\\377\\n']) {
    const { code, stderr } = await run(['exec', 'printf', bytes])
    t.is(code, 0)
    const [, id] = /changed; as it was: escher-exec logs (\S+)\n$/.exec(stderr) ?? []
    const logged = await run(['logs', id ?? ''], { encoding: 'latin1' })
    t.is(logged.stdout, Buffer.from(execFileSync('printf', [bytes])).toString('latin1'))
  }
  for (const text of ['a\\nb\\n', 'é€\\n', 'a', '']) {
    const { stdout, stderr } = await run(['exec', 'printf', text])
    t.deepEqual([stderr, stdout.trimEnd()], ['', execFileSync('printf', [text], { encoding: 'utf8' }).trimEnd()])
  }
})

test('arguments arrive as they were given', async (t) => {
  const { run } = testCli(t)
  const args = ['a b', '$(x)', "'", '--json', '']
  const { stdout } = await run([
    'exec',
    '--',
    process.execPath,
    '-p',
    'JSON.stringify(process.argv.slice(1))',
    '--',
    ...args,
  ])
  t.deepEqual(JSON.parse(stdout), args)
})

test('exit codes are those of shells: not found, cannot run, timeout, signal', async (t) => {
  const { run, home } = testCli(t)
  const codes = await Promise.all(
    [
      ['exec', '--', 'no-such-program-here'],
      ['exec', '--', home],
      ['exec', '--timeout', '1', '--', 'sleep', '1000'],
      ['exec', '--', 'sh', '-c', 'kill -KILL $$'],
    ].map(async (args) => (await run(args)).code),
  )
  t.deepEqual(codes, [127, 126, 124, 137])
})

test('standard input is passed on', async (t) => {
  const { run } = testCli(t)
  const { code, stdout } = await run(['exec', '--', 'tr', 'a-z', 'A-Z'], { input: 'hello' })
  t.deepEqual([code, stdout], [0, 'HELLO\n'])
})

test('a program that does not read its input is no error', async (t) => {
  const { run } = testCli(t)
  t.is((await run(['exec', '--', 'true'], { input: 'x'.repeat(1_000_000) })).code, 0)
})

test('a variable that is a secret is masked', async (t) => {
  const { run } = testCli(t)
  const { stdout } = await run(['exec', '--secret', 'TOKEN', '--shell', '--', 'echo "<$TOKEN>"'], {
    env: { TOKEN: 'swordfish' },
  })
  t.is(stdout, '<***>\n')
})

test('with --json each event is a line', async (t) => {
  const { run } = testCli(t)
  const { stdout } = await run(['exec', '--json', '--', 'echo', 'x'])
  const types = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { type: string }).type)
  t.deepEqual(types, ['started', 'stdout', 'completed'])
})

test('Ctrl-C cancels the tree gracefully, a second one kills it', async (t) => {
  const { start } = testCli(t)
  const graceful = start([
    'exec',
    '--',
    'sh',
    '-c',
    'trap "echo cleaned; exit 0" TERM; echo ready; while :; do sleep 0.05; done',
  ])
  await graceful.said('ready')
  process.kill(graceful.child.pid!, 'SIGINT')
  const ended = await graceful.ended
  t.is(ended.code, 130)
  t.true(ended.stdout.includes('cleaned'))

  const deaf = start(['exec', '--', 'sh', '-c', 'trap "" TERM; echo $$; while :; do sleep 0.05; done'])
  await deaf.said('\n')
  process.kill(deaf.child.pid!, 'SIGINT')
  process.kill(deaf.child.pid!, 'SIGTERM')
  const killed = await deaf.ended
  t.is(killed.code, 130)
  const child = Number(killed.stdout.trim())
  await until(() => !isAlive(child))
})

test('a reader that goes away is no crash', async (t) => {
  const { start } = testCli(t)
  const running = start(['exec', '--', 'yes'])
  await running.said('y\n')
  running.child.stdout?.destroy()
  const { code, stderr } = await running.ended
  t.is(code, 0)
  t.is(stderr, '')
})

test('logs are kept, listed and shown; an id may be shortened', async (t) => {
  const { run, home } = testCli(t)
  await run(['exec', '--', 'sh', '-c', 'echo one; echo two >&2; printf three; exit 4'])
  const { stdout: listed } = await run(['list', '--json'])
  const [entry] = listed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  t.like(entry, { status: 'failed', exitCode: 4 })
  const id = String(entry?.['id'])
  t.deepEqual(readdirSync(join(home, 'home/logs')), [`${id}.log`])

  const shown = await run(['logs', id.slice(-8)])
  t.deepEqual([shown.stdout, shown.stderr], ['one\nthree', 'two\n'])
  t.regex((await run(['logs', '--raw', id])).stdout, /^#execlog\/1 [\s\S]* O {2}one\n[\s\S]*\n#end \{.*\}\n$/)
  const records = (await run(['logs', '--json', id])).stdout.trim().split('\n')
  t.like(JSON.parse(records[0] ?? ''), { type: 'output', stream: 'stdout', text: 'one' })
  t.regex((await run(['list'])).stdout, /failed +4 /)
})

test('logs --follow shows an execution of another program, to its end', async (t) => {
  const { run, start } = testCli(t)
  const running = start(['exec', '--', 'sh', '-c', 'echo first; read go; echo last'], { input: '' })
  // Its input has ended: it goes on at once, perhaps before it is followed.
  await running.said('first')
  const { stdout: listed } = await run(['list', '--json'])
  const { id } = JSON.parse(listed) as { id: string }
  const { code, stdout } = await run(['logs', '--follow', id])
  t.deepEqual([code, stdout], [0, 'first\nlast\n'])
  await running.ended
})

test('executions of a killed command line are recovered', async (t) => {
  const { run, start } = testCli(t)
  const running = start(['exec', '--', 'sh', '-c', 'echo up; sleep 1000'])
  await running.said('up')
  process.kill(running.child.pid!, 'SIGKILL')
  await running.ended
  const first = await run(['recover', '--stop', '--json'])
  t.like(JSON.parse(first.stdout), { command: "sh -c 'echo up; sleep 1000'" })
  t.is((await run(['recover'])).stdout, 'nothing was cut off\n')
  t.regex((await run(['list', '--status', 'interrupted'])).stdout, /interrupted/)
})
