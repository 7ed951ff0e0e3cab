// A command has no terminal to ask at, not even where its host has one.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

import test from 'ava'

import { temporaryFolder, testEngine } from '@escher/testing/engine'
import { openTerminal } from '@escher/testing/terminal'

test('a host in a terminal gets its answer at once when a command asks there', async (t) => {
  const folder = temporaryFolder(t)
  const host = `
    const { ExecutionEngine } = require(${JSON.stringify(join(import.meta.dirname, '../..'))})
    const engine = new ExecutionEngine({ logDir: ${JSON.stringify(join(folder, 'logs'))} })
    const command = 'exec 3<>/dev/tty; printf "Password: " >&3; read -r password <&3'
    engine.run({ type: 'shell', command }).then(({ status, error }) => { console.log(status, error.code) })
  `
  const terminal = openTerminal(t, folder, [process.execPath, '-e', host])
  if (!terminal) return
  const screen = await terminal.until(/ended 0/)
  t.true(screen.includes('failed NEEDS_TERMINAL'), screen)
  t.false(screen.includes('Password'), screen)
})

test('git without a credential says how to provide one', async (t) => {
  const server = createServer((_, response) => {
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end()
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.git`
  const env = {
    LC_ALL: 'C',
    GIT_ASKPASS: null,
    SSH_ASKPASS: null,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
  }
  for (const command of [
    { type: 'exec', program: 'git', args: ['ls-remote', url] } as const,
    { type: 'shell', command: `git ls-remote ${url} 2>&1` } as const,
  ]) {
    const { status, exitCode, error } = await testEngine(t).run(command, { env })
    t.deepEqual([status, exitCode, error?.code], ['failed', 128, 'NEEDS_TERMINAL'])
    t.regex(error?.message ?? '', /exit code 128.*GIT_ASKPASS/)
  }
})

test('a question that a script can do without is no failure', async (t) => {
  const { status, error } = await testEngine(t).run({ type: 'shell', command: 'cat /dev/tty || echo none' })
  t.deepEqual([status, error], ['completed', null])
})
