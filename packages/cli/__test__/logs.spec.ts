// Logs of other programs, of dead ones, and damaged ones.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test, { type ExecutionContext } from 'ava'

import { ExecutionEngine } from '@escher/execution-engine'
import { Recorder } from '@escher/testing/recorder'
import { type Cli, testCli } from './helpers/cli.js'

/** The log of one program that ran. */
const logged = async (cli: Cli, command: string): Promise<{ folder: string; id: string; lines: string[] }> => {
  await cli.run(['exec', '--shell', command])
  const folder = join(cli.home, 'home/logs')
  const [name = ''] = readdirSync(folder)
  return { folder, id: name.replace('.log', ''), lines: readFileSync(join(folder, name), 'utf8').split('\n') }
}

const engineOf = (t: ExecutionContext, { home }: Cli): ExecutionEngine => {
  const engine = new ExecutionEngine({ logDir: join(home, 'home/logs'), maxLogSizeBytes: 4096, maxLogFiles: 3 })
  t.teardown(() => engine.shutdown())
  return engine
}

for (const options of [[], ['--json'], ['--raw']]) {
  test(`logs --follow ${options} goes on through rotations to the last line`, async (t) => {
    const cli = testCli(t)
    const engine = engineOf(t, cli)
    const recorder = new Recorder()
    const count =
      'i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo "line $i ----------------------------"; sleep 0.01; done'
    const execution = engine.run({ type: 'shell', command: count }, { onEvent: recorder.listener })
    await recorder.until((event) => event.type === 'stdout' && event.line.startsWith('line 20 '))
    const { code, stdout, stderr } = await cli.run(['logs', '--follow', ...options, execution.id])
    t.deepEqual([code, stderr], [0, ''])
    t.is((await execution).status, 'completed')
    t.regex(stdout, /line 300 /)
    // Nothing comes twice. What was dropped before it was read is missing.
    const shown = [...stdout.matchAll(/line (\d+) /g)].map(([, number]) => Number(number))
    t.deepEqual(
      shown,
      [...new Set(shown)].toSorted((a, b) => a - b),
    )
  })
}

test('a process id that another process has now makes no execution running', async (t) => {
  const cli = testCli(t)
  const { folder, id, lines } = await logged(cli, 'echo hi')
  const [header = '', record = ''] = lines
  const other = JSON.parse(header.slice('#execlog/1 '.length)) as { id: string; host: { pid: number } }
  other.id = `${id.slice(0, -4)}beef`
  // This one lives, but did not start then.
  other.host.pid = process.pid
  writeFileSync(join(folder, `${other.id}.log`), `#execlog/1 ${JSON.stringify(other)}\n${record}\n`, { mode: 0o600 })
  const { stdout } = await cli.run(['list', '--json'])
  const statuses = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; status: string })
  t.is(statuses.find((one) => one.id === other.id)?.status, 'interrupted')
  t.is(statuses.find((one) => one.id === id)?.status, 'completed')
  const followed = await cli.run(['logs', '--follow', other.id])
  t.deepEqual([followed.code, followed.stdout], [0, 'hi\n'])
})

test('a record that was torn hides no other', async (t) => {
  const cli = testCli(t)
  const { folder, id, lines } = await logged(cli, 'echo before; echo after')
  const [header, before = '', ...rest] = lines
  const torn = `${before.slice(0, 28)}#  {"event":"sig`
  writeFileSync(join(folder, `${id}.log`), [header, before, torn, ...rest].join('\n'))
  const { code, stdout } = await cli.run(['logs', '--json', id])
  t.is(code, 0)
  const texts = stdout
    .trim()
    .split('\n')
    .flatMap((line) => (JSON.parse(line) as { text?: string }).text ?? [])
  t.deepEqual(texts, ['before', 'after'])
})

test('a log whose beginning is damaged is listed as such, and its output is shown', async (t) => {
  const cli = testCli(t)
  const { folder, id, lines } = await logged(cli, 'echo hi')
  writeFileSync(join(folder, `${id}.log`), ['#execlog/1 {"id', ...lines.slice(1)].join('\n'))
  t.regex((await cli.run(['list', '--status', 'damaged'])).stdout, new RegExp(`^${id} .*damaged`))
  t.is((await cli.run(['logs', id])).stdout, 'hi\n')
})
