// What a person sees: a real terminal, its screen read back.

import { join } from 'node:path'

import test, { type ExecutionContext } from 'ava'

import { openTerminal, type Terminal, type TerminalOptions } from '@escher/testing/terminal'
import { main, testCli } from './helpers/cli.js'

const open = (t: ExecutionContext, steps: readonly object[], options: TerminalOptions = {}): Terminal | undefined => {
  const { home, playbook } = testCli(t)
  const env = { ESCHER_EXEC_HOME: join(home, 'home') }
  const command = [process.execPath, main, 'run', playbook(steps, { name: 'A playbook' })]
  return openTerminal(t, home, command, { ...options, env })
}

test('ticks, crosses, skipped steps, and a summary with the reason and the log', async (t) => {
  const terminal = open(t, [
    { step: 1, name: 'Build', command: 'true' },
    { step: 2, name: 'Push', command: `sh -c 'echo AccessDenied: not authorized >&2; exit 254'` },
    { step: 3, name: 'Deploy', command: 'true' },
  ])
  if (!terminal) return
  const end = await terminal.until(/ended 1/)
  t.true(end.startsWith('A playbook'))
  t.regex(end, /✔ Build +completed +\S+ +0/)
  t.regex(end, /✖ Push +failed +\S+ +254/)
  t.regex(end, /↓ Deploy +skipped/)
  t.regex(end, /1 completed, 1 failed, 1 skipped in/)
  t.regex(end, /^ {2}AccessDenied: not authorized$/m)
  t.regex(end, /^ {2}log: \//m)
})

test('a program that asks at the terminal fails at once, with what to do instead', async (t) => {
  const { home } = testCli(t)
  const command = [process.execPath, main, 'exec', '--', 'sh', '-c', 'read -r answer < /dev/tty; exit 7']
  const terminal = openTerminal(t, home, command, { columns: 250, env: { ESCHER_EXEC_HOME: join(home, 'home') } })
  if (!terminal) return
  t.regex(await terminal.until(/ended 7/), /escher-exec: .*asks at a terminal/)
})

test('a running step shows a spinner, its time of the expected one, and its last lines', async (t) => {
  const terminal = open(t, [
    { step: 1, name: 'Count', command: `sh -c 'seq 5; sleep 1000'`, expected_duration_sec: 9 },
    { step: 2, name: 'After', command: 'true' },
  ])
  if (!terminal) return
  const screen = await terminal.until(/⠋|⠙|⠹|⠸|⠼|⠴|⠦|⠧|⠇|⠏/)
  await terminal.until(/ 3\n +4\n +5\n/)
  t.regex(screen, /Count {2}\d\.\ds \/ ~9\.0s/)
  t.regex(screen, /· After/)
  terminal.type('C-c')
  const end = await terminal.until(/ended 130/)
  t.regex(end, /◼ Count +cancelled/)
})

test('an approval is asked for at the terminal, and the answer counts', async (t) => {
  const terminal = open(t, [
    { step: 1, name: 'Read', command: 'true' },
    { step: 2, name: 'Destroy', command: 'echo destroyed', risk_level: 'destructive' },
    { step: 3, name: 'Change', command: 'echo changed', risk_level: 'modify' },
  ])
  if (!terminal) return
  await terminal.until(/Destroy \(destructive\)\n +echo destroyed\nRun it\? /)
  terminal.type('y', 'Enter')
  await terminal.until(/Change \(modify\)[^]*Run it\? /)
  terminal.type('n', 'Enter')
  const end = await terminal.until(/ended 3/)
  t.regex(end, /✔ Destroy +completed/)
  t.regex(end, /✖ Change +failed/)
})

test('a small terminal shows the running steps, and program output does not move the cursor', async (t) => {
  const steps = [
    ...Array.from({ length: 30 }, (_, index) => ({
      step: index + 1,
      name: `Step number ${index + 1}`,
      command: 'true',
    })),
    {
      step: 31,
      name: 'The one that runs with a name that is much too long',
      command: `sh -c 'printf "\\033[2J\\033[HEVIL \\007 wide 漢字漢字漢字漢字漢字漢字漢字漢字\\n"; sleep 1000'`,
    },
    { step: 32, name: 'Next', command: 'true' },
  ]
  const terminal = open(t, steps, { columns: 32, rows: 12 })
  if (!terminal) return
  const screen = await terminal.until(/EVIL[^]*Next/)
  t.regex(screen, /more above/)
  t.regex(screen, /The one that runs.*…/)
  t.true(
    screen.split('\n').every((line) => line.length <= 32),
    screen,
  )
  t.regex(screen, /^ {2}EVIL {2}?wide/m)
  terminal.type('C-c')
  await terminal.until(/ended 130/)
})
