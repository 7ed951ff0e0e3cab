import { execFileSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { testCli } from './helpers/cli.js'

const sh = (line: string): string => `sh -c '${line}'`

test('steps run in order; the first failure skips the rest, and is shown', async (t) => {
  const { run, playbook } = testCli(t)
  const file = playbook([
    { step: 1, name: 'Build', command: 'echo built' },
    { step: 2, name: 'Push', command: sh('echo AccessDenied: not authorized >&2; exit 254') },
    { step: 3, name: 'Verify', command: 'echo never' },
  ])
  const { code, stdout } = await run(['run', file])
  t.is(code, 1)
  t.regex(stdout, /\[1\] built\n\[1\] done in/)
  t.regex(stdout, /\[2\] AccessDenied: not authorized\n\[2\] failed: .* exit code 254/)
  t.regex(stdout, /\[3\] skipped/)
  t.regex(stdout, /✔ Build +completed +\S+ +0\n✖ Push +failed +\S+ +254\n↓ Verify +skipped/)
  t.regex(stdout, /1 completed, 1 failed, 1 skipped in/)
})

test('parameters, and a dry run that shows the commands and runs nothing', async (t) => {
  const { run, playbook, home } = testCli(t)
  const file = playbook([{ step: 1, command: 'touch {name}' }], { parameters: { name: { required: true } } })
  const { code, stdout } = await run(['run', file, '--param', 'name=a b;c', '--dry-run'])
  t.is(code, 0)
  t.true(stdout.includes('["touch","a b;c"]'), stdout)
  t.throws(() => statSync(join(home, 'a b;c')))
  t.is((await run(['run', file, '-p', 'name=a b;c'])).code, 0)
  t.true(statSync(join(home, 'a b;c')).isFile())
})

test('a playbook that is wrong is refused whole, with places', async (t) => {
  const { run, home } = testCli(t)
  const file = join(home, 'bad.json')
  writeFileSync(
    file,
    '{ "playbook_id": "x",\n  "steps": [ { "step": 1, "comand": "true" }, { "step": 1, "command": 3 } ] }',
  )
  const { code, stdout, stderr } = await run(['run', file])
  t.is(code, 2)
  t.is(stdout, '')
  t.regex(stderr, /bad\.json:2:\d+: steps\[0\]/)
  t.regex(stderr, /command/)
})

test('a step above the level is refused without a terminal to ask, and runs with --yes', async (t) => {
  const { run, playbook } = testCli(t)
  const file = playbook([{ step: 1, command: 'echo gone', risk_level: 'destructive' }])
  const refused = await run(['run', file])
  t.is(refused.code, 3)
  t.false(refused.stdout.includes('[1] gone'))
  t.is((await run(['run', file, '--yes'])).code, 0)
  t.is((await run(['run', file, '--approve-up-to', 'destructive'])).code, 0)
})

test('--from continues where the last run failed, and keeps earlier results', async (t) => {
  const { run, playbook, home } = testCli(t)
  const file = playbook([
    { step_id: 'make', command: 'echo made' },
    { step_id: 'use', command: sh('test -e ready && echo used {steps.make.stdout}') },
  ])
  t.is((await run(['run', file])).code, 1)
  writeFileSync(join(home, 'ready'), '')
  const { code, stdout } = await run(['run', file, '--from', 'use'])
  t.is(code, 0, stdout)
  t.false(stdout.includes('[make] made'))
  t.true(stdout.includes('[use] used made'))
})

test('with --json every event is a line, from the start to the end', async (t) => {
  const { run, playbook } = testCli(t)
  const { stdout } = await run(['run', playbook([{ step: 1, command: 'echo x' }]), '--json'])
  const types = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { type: string }).type)
  t.deepEqual(types, ['playbook_started', 'step_started', 'step_output', 'step_completed', 'playbook_completed'])
})

test('each step has a record, for its owner alone', async (t) => {
  const { run, playbook, home } = testCli(t)
  await run(['run', playbook([{ step: 1, command: 'echo x' }])])
  const file = join(home, 'home/records.jsonl')
  t.is(statSync(file).mode & 0o777, 0o600)
  t.like(JSON.parse(readFileSync(file, 'utf8')), {
    command: 'echo x',
    status: 'completed',
    exit_code: 0,
    output_summary: 'x\n',
  })
})

test('Ctrl-C cancels running steps, runs `always` steps, and prints a summary', async (t) => {
  const { start, playbook } = testCli(t)
  const file = playbook([
    { step_id: 'wait', name: 'Wait', command: sh('echo ready; sleep 1000') },
    { step_id: 'never', command: 'echo never' },
    { step_id: 'clean', command: 'echo cleaned', always: true },
  ])
  const running = start(['run', file])
  await running.said('[wait] ready')
  process.kill(running.child.pid!, 'SIGINT')
  const { code, stdout } = await running.ended
  t.is(code, 130)
  t.true(stdout.includes('[clean] cleaned'), stdout)
  t.false(stdout.includes('[never] never'))
  t.regex(stdout, /◼ Wait +cancelled/)
})

test('wrong usage is explained, with code 2, and help helps', async (t) => {
  const { run } = testCli(t)
  const wrong = [
    ['run'],
    ['nothing'],
    ['run', 'x.json', '--nope'],
    ['list', '--limit', 'many'],
    ['logs', 'abc'],
    ['exec'],
    [],
  ]
  for (const args of wrong) {
    const { code, stdout, stderr } = await run(args)
    t.deepEqual([code, stdout], [2, ''], `${args.join(' ')}: ${stderr}`)
    t.not(stderr, '')
  }
  for (const args of [['--help'], ['run', '--help'], ['help', 'exec']]) {
    const { code, stdout } = await run(args)
    t.is(code, 0)
    t.regex(stdout, /Usage: escher-exec/)
    t.regex(stdout, /Examples:/)
  }
  t.regex((await run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
})

test('completion scripts are read by their shells, and complete', async (t) => {
  const { run } = testCli(t)
  const { stdout: script } = await run(['completion', 'bash'])
  const ask = `${script}\nCOMP_WORDS=(escher-exec run --dr) COMP_CWORD=2; _escher_exec; echo "\${COMPREPLY[*]}"`
  t.is(execFileSync('bash', ['-c', ask], { encoding: 'utf8' }), '--dry-run\n')
  t.regex((await run(['completion', 'zsh'])).stdout, /^#compdef escher-exec/)
  t.regex((await run(['completion', 'fish'])).stdout, /complete -c escher-exec/)
  t.is((await run(['completion', 'tcsh'])).code, 2)
})

test('colours only where they are wanted', async (t) => {
  const { run, playbook } = testCli(t)
  const file = playbook([{ step: 1, command: 'echo x' }])
  t.false((await run(['run', file])).stdout.includes('\u001B['))
  t.true((await run(['run', file], { env: { NO_COLOR: '', FORCE_COLOR: '1' } })).stdout.includes('\u001B['))
  t.false((await run(['run', file], { env: { NO_COLOR: '1', FORCE_COLOR: '1' } })).stdout.includes('\u001B['))
})
