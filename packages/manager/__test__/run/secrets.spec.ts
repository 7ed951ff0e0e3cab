import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import {
  type AuditRecord,
  EnvironmentCredentials,
  KeychainCredentials,
  type PlaybookEvent,
  type PlaybookRunOptions,
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

/** Everything that is said of runs of a command with these words: events, requests, records, a dry run's plan. */
const everythingSaid = async (
  t: Parameters<typeof testManager>[0],
  words: string[],
  secrets: string[],
  ofEngine: string[] = [],
) => {
  const { manager } = testManager(t, {}, { secrets: ofEngine })
  const values = {
    ...Object.fromEntries(words.map((word, at) => [`word${at}`, word])),
    ...Object.fromEntries(secrets.map((secret, at) => [`secret${at}`, secret])),
  }
  const declared = Object.keys(values).map((name) => [name, { secret: name.startsWith('secret') }])
  const command = `echo ${words.map((_, at) => `{word${at}}`).join(' ')}`
  const steps = [
    { command, rollback: command, risk_level: 'modify' },
    { command, rollback: command, risk_level: 'modify', shell: true },
    { command: 'false' },
  ]
  const saying = playbook(steps, { parameters: Object.fromEntries(declared) })
  const said: unknown[] = []
  const options: PlaybookRunOptions = {
    parameters: values,
    rollback: true,
    onApproval: () => ({ decision: 'approve' }),
    onEvent: (event) => void said.push(event),
    records: { write: (record) => void said.push(record) },
  }
  const { status } = await manager.run(saying, options)
  t.is(status, 'failed')
  const { plan } = await manager.run(saying, { ...options, dryRun: true })
  return JSON.stringify([said, plan])
}

test('a secret is masked in its encoded forms too, in all output of a run', async (t) => {
  const secret = 'p@ss word/1'
  const forms = [encodeURIComponent(secret), Buffer.from(secret).toString('base64')]
  const said = await everythingSaid(t, [`https://x/?t=${forms[0]}`, `Basic ${forms[1]}`], [secret])
  for (const form of [secret, ...forms]) t.false(said.includes(form), form)
  t.true(said.includes('https://x/?t=***'))
})

test('overlapping secrets are masked as one, in all output of a run', async (t) => {
  const said = await everythingSaid(t, ['<ghijklmno>'], ['ghijkl', 'jklmno'])
  for (const part of ['ghi', 'jkl', 'mno']) t.false(said.includes(part), part)
  t.true(said.includes('<***>'))
})

test('secrets of the engine are masked too, also where they overlap with one of the run', async (t) => {
  const said = await everythingSaid(t, ['<ghijklmno>', 'engine-secret'], ['ghijkl'], ['jklmno', 'engine-secret'])
  for (const part of ['ghi', 'jkl', 'mno', 'engine-secret']) t.false(said.includes(part), part)
  t.true(said.includes('<***>'))
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
