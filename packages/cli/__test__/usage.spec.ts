// What can be typed, and what is said about what cannot.

import test from 'ava'

import { testCli } from './helpers/cli.js'

test('help for an unknown command is refused, whatever its name', async (t) => {
  const { run } = testCli(t)
  for (const name of ['constructor', 'toString', 'nothing']) {
    const { code, stdout, stderr } = await run(['help', name])
    t.deepEqual([code, stdout], [2, ''], stderr)
    t.regex(stderr, new RegExp(`there is no command ${name}`))
  }
  t.regex((await run(['help', 'lst'])).stderr, /did you mean `list`\?/)
})

test('an unknown status or level is refused, with the known ones', async (t) => {
  const { run, playbook } = testCli(t)
  const status = await run(['list', '--status', 'nonsense'])
  t.deepEqual([status.code, status.stdout], [2, ''])
  t.regex(status.stderr, /--status is nonsense: .*completed, failed, cancelled, timeout, interrupted/)
  t.regex((await run(['list', '--status', 'fialed'])).stderr, /did you mean `failed`\?/)

  const level = await run(['run', playbook([{ command: 'true' }]), '--approve-up-to', 'modfy'])
  t.is(level.code, 2)
  t.regex(level.stderr, /--approve-up-to is modfy: did you mean `modify`\?/)
})

test('operands that mean nothing are refused', async (t) => {
  const { run, playbook } = testCli(t)
  const wrong = [
    ['list', 'extra', 'words'],
    ['recover', 'extra'],
    ['completion', 'bash', 'extra'],
    ['logs', 'one', 'two'],
    ['run', playbook([{ command: 'true' }]), 'extra'],
    ['help', 'run', 'extra'],
  ]
  for (const args of wrong) {
    const { code, stdout, stderr } = await run(args)
    t.deepEqual([code, stdout], [2, ''], args.join(' '))
    t.regex(stderr, /extra|two/, args.join(' '))
  }
})

test('a misspelt command or option gets a hint', async (t) => {
  const { run } = testCli(t)
  t.regex((await run(['recovr'])).stderr, /there is no command recovr; did you mean `recover`\?/)
  t.regex((await run(['list', '--limt', '3'])).stderr, /there is no option --limt; did you mean `--limit`\?/)
  t.regex((await run(['logs', '-x', 'id'])).stderr, /there is no option -x;/)
})

test('exec ends its own options at the program, with or without --', async (t) => {
  const { run } = testCli(t)
  const show = 'console.log(JSON.stringify(process.argv.slice(1)))'
  const args = ['--json', '-h', '--', '--timeout', '1']
  for (const before of [[], ['--']]) {
    const { code, stdout } = await run([
      'exec',
      '--timeout',
      '60',
      ...before,
      process.execPath,
      '-e',
      show,
      '--',
      ...args,
    ])
    t.is(code, 0)
    t.deepEqual(JSON.parse(stdout), args)
  }
  const { stdout } = await run(['exec', 'sh', '-c', 'echo "$0" "$@"', '-l', '--shell'])
  t.is(stdout, '-l --shell\n')
  t.regex((await run(['exec', '--nope', 'true'])).stderr, /there is no option --nope/)
})
