import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import {
  type AuditRecord,
  EnvironmentCredentials,
  KeychainCredentials,
  type PlaybookEvent,
} from '@escher/execution-manager'
import { temporaryFolder } from '@escher/testing/engine'
import { playbook, refusalOf, script, testManager } from '../helpers/playbook.js'

const quick = { base_sec: 0.01, jitter: 'none' }

test('credentials reach each attempt just before it runs, and are masked everywhere', async (t) => {
  const { manager } = testManager(t)
  const asks: string[] = []
  const records: AuditRecord[] = []
  const events: PlaybookEvent[] = []
  const file = join(temporaryFolder(t), 'calls')
  const command = script(
    `console.log(process.env.TOKEN, process.env.REGION)
    console.error(Buffer.from(process.env.TOKEN).toString("base64"))
    const fs = require("fs")
    fs.appendFileSync(process.argv[1], ".")
    process.exit(fs.statSync(process.argv[1]).size < 2 ? 1 : 0)`,
    file,
  )
  const run = manager.run(playbook([{ command, retry_policy: quick }, { command: 'echo token-number-2' }]), {
    credentials: {
      credentials: ({ stepId, attempt }) => {
        asks.push(`${stepId}.${attempt}`)
        return Promise.resolve({ secrets: { TOKEN: `token-number-${asks.length}` }, plain: { REGION: 'eu' } })
      },
    },
    records: { write: (record) => void records.push(record) },
    onEvent: (event) => void events.push(event),
  })
  const result = await run
  t.deepEqual(asks, ['1.1', '1.2', '2.1'])
  t.is(result.steps[0]?.result?.stdout, '*** eu\n')
  t.is(result.steps[1]?.result?.stdout, '***\n')
  const everything = JSON.stringify([run.state, records, events.filter(({ type }) => type !== 'playbook_started')])
  for (const secret of ['token-number-1', Buffer.from('token-number-1').toString('base64')])
    t.false(everything.includes(secret))
  for (const { logPath } of result.steps[0]?.attempts ?? [])
    t.false(readFileSync(logPath as string, 'utf8').includes('token-number'))
})

test('a secret that is too short to mask is refused with the other problems', (t) => {
  const { manager } = testManager(t)
  const one = playbook([{ command: 'echo' }], { parameters: { token: { secret: true } } })
  for (const token of ['x', '😀']) {
    const [problem] = refusalOf(() => manager.run(one, { parameters: { token } }))
    t.like(problem, { path: 'parameters.token', message: 'the secret `token` has fewer than 2 characters' })
  }
})

test('a value with a masked secret in it is not passed on', async (t) => {
  const { manager } = testManager(t)
  const result = await manager.run(
    playbook([{ command: 'echo {token}' }, { command: 'echo {steps.1.stdout}' }], {
      parameters: { token: { default: 'hush-hush', secret: true } },
    }),
  )
  t.like(result.error, { code: 'VALUE_MISSING', stepId: '2' })
})

test('credentials that cannot be had fail the step, which is not run', async (t) => {
  const { manager } = testManager(t)
  for (const credentials of [
    { credentials: () => Promise.reject(new Error('locked')) },
    { credentials: () => ({ secrets: { A: 'x' } }) },
    new EnvironmentCredentials(['NO_SUCH_VARIABLE_ANYWHERE']),
    new KeychainCredentials({ service: 's', accounts: ['A'], keychain: { getPassword: () => Promise.resolve(null) } }),
  ]) {
    const result = await manager.run(playbook([{ command: 'echo' }]), { credentials })
    t.is(result.error?.code, 'CREDENTIALS_FAILED')
    t.deepEqual(result.steps[0]?.attempts, [])
  }
})
