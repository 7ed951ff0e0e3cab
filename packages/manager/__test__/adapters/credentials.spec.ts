import test from 'ava'

import { EnvironmentCredentials, KeychainCredentials } from '@escher/execution-manager'
import { playbook, script, testManager } from '../helpers/playbook.js'

test('credentials come from the environment, by name or under another', async (t) => {
  const { manager } = testManager(t)
  const credentials = new EnvironmentCredentials({ A: 'SOURCE_A' }, { SOURCE_A: 'value-a' })
  const result = await manager.run(
    playbook([{ command: script('console.log(process.env.A === "value-" + "a", process.env.A)') }]),
    { credentials },
  )
  t.is(result.steps[0]?.result?.stdout, 'true ***\n')
})

test('credentials come from a keychain', async (t) => {
  const { manager } = testManager(t)
  const asked: string[] = []
  const keychain = {
    getPassword: (service: string, account: string) => {
      asked.push(`${service}/${account}`)
      return Promise.resolve('pass-word')
    },
  }
  const credentials = new KeychainCredentials({ service: 'app', accounts: { GITHUB_TOKEN: 'github' }, keychain })
  const result = await manager.run(playbook([{ command: script('console.log(process.env.GITHUB_TOKEN)') }]), {
    credentials,
  })
  t.deepEqual(asked, ['app/github'])
  t.is(result.steps[0]?.result?.stdout, '***\n')
})

test('the system’s keychain answers, or says why it does not', async (t) => {
  const { manager } = testManager(t)
  const credentials = new KeychainCredentials({ service: 'execution-engine-test-none', accounts: ['NOBODY'] })
  const { error } = await manager.run(playbook([{ command: 'echo' }]), { credentials })
  t.is(error?.code, 'CREDENTIALS_FAILED')
  t.regex(error?.message ?? '', /^there are no credentials for it: .{10}/)
})
