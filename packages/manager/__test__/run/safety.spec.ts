// Retries, risk and approval, records, credentials.

import { chmodSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import {
  type ApprovalDecision,
  type ApprovalRequest,
  type AuditRecord,
  EnvironmentCredentials,
  FileRecordSink,
  KeychainCredentials,
  type PlaybookEvent,
  type PlaybookRunOptions,
} from '@escher/execution-manager'
import { temporaryFolder } from '@escher/testing/engine'
import { isOf, playbook, printArguments, problemsOf, script, testManager } from '../helpers/playbook.js'

/** Fails until it has been called this often; says why on stderr. */
const flaky = (file: string, times: number, said = 'ThrottlingException', code = 254) =>
  script(
    `const fs = require("fs"); fs.appendFileSync(process.argv[1], "."); if (fs.statSync(process.argv[1]).size < ${times}) { console.error(${JSON.stringify(said)}); process.exit(${code}) }`,
    file,
  )

const quick = { base_sec: 0.01, jitter: 'none' }

test('an attempt that failed is followed by another, each an execution of its own', async (t) => {
  const { manager } = testManager(t)
  const events: PlaybookEvent[] = []
  const command = flaky(join(temporaryFolder(t), 'calls'), 3)
  const result = await manager.run(playbook([{ command, retry_policy: { ...quick, attempts: 5 } }]), {
    onEvent: (event) => void events.push(event),
  })
  t.is(result.status, 'completed')
  t.deepEqual(
    result.steps[0]?.attempts.map(({ status, exitCode }) => [status, exitCode]),
    [
      ['failed', 254],
      ['failed', 254],
      ['completed', 0],
    ],
  )
  t.is(new Set(result.steps[0]?.attempts.map(({ executionId }) => executionId)).size, 3)
  t.deepEqual(
    events.filter(isOf('step_retry')).map(({ attempt, maxAttempts, delayMs }) => [attempt, maxAttempts, delayMs]),
    [
      [1, 5, 10],
      [2, 5, 20],
    ],
  )
  t.deepEqual(
    events.filter(isOf('step_started')).map(({ attempt }) => attempt),
    [1, 2, 3],
  )
})

test('attempts end; the last failure is the step’s', async (t) => {
  const { manager } = testManager(t)
  const file = join(temporaryFolder(t), 'calls')
  const result = await manager.run(
    playbook([{ command: flaky(file, 99), retry_policy: { ...quick } }, { command: 'echo' }]),
  )
  t.is(readFileSync(file, 'utf8'), '...')
  t.is(result.error?.code, 'NON_ZERO_EXIT')
  t.is(result.steps[1]?.status, 'skipped')
})

test('without a policy there is one attempt', async (t) => {
  const { manager } = testManager(t)
  for (const retry_policy of [undefined, 'none', { strategy: 'none', attempts: 5 }]) {
    const result = await manager.run(playbook([{ command: 'false', retry_policy }]))
    t.is(result.steps[0]?.attempts.length, 1)
  }
})

test('retry_on: only these exit codes, texts in stderr and failure codes', async (t) => {
  const { manager } = testManager(t)
  const attempts = async (retry_on: (string | number)[], rest: object = {}, said?: string, code?: number) => {
    const command = flaky(join(temporaryFolder(t), 'calls'), 2, said, code)
    const { steps } = await manager.run(playbook([{ command, retry_policy: { ...quick, retry_on }, ...rest }]))
    return steps[0]?.attempts.length
  }
  t.is(await attempts(['ThrottlingException', 'ServiceUnavailable']), 2)
  t.is(await attempts(['RequestLimitExceeded']), 1)
  t.is(await attempts([254]), 2)
  t.is(await attempts([1, 255]), 1)
  t.is(await attempts(['NON_ZERO_EXIT']), 2)
  t.is(
    await attempts(['TIMEOUT'], {
      command: script('setInterval(() => {}, 1000)'),
      timeout_sec: 0.3,
      retry_policy: { ...quick, attempts: 2, retry_on: ['TIMEOUT'] },
    }),
    2,
  )
})

test('what cannot get better is not tried again', async (t) => {
  const { manager } = testManager(t)
  const result = await manager.run(
    playbook([{ command: 'no-such-program-anywhere', retry_policy: { ...quick, attempts: 9 } }]),
  )
  t.is(result.steps[0]?.attempts.length, 1)
})

test('the waits are those of the policy: fixed, linear, doubled, at most the maximum, shaken by default', async (t) => {
  const { manager } = testManager(t)
  const delays = async (retry_policy: object) => {
    const events: PlaybookEvent[] = []
    await manager.run(playbook([{ command: 'false', retry_policy }]), { onEvent: (event) => void events.push(event) })
    return events.filter(isOf('step_retry')).map(({ delayMs }) => delayMs)
  }
  const exact = { attempts: 5, base_sec: 0.01, max_sec: 0.035, jitter: 'none' }
  t.deepEqual(await delays({ ...exact, strategy: 'fixed' }), [10, 10, 10, 10])
  t.deepEqual(await delays({ ...exact, strategy: 'linear' }), [10, 20, 30, 35])
  t.deepEqual(await delays(exact), [10, 20, 35, 35])
  for (const strategy of ['fixed', 'linear', 'exponential_backoff']) {
    const most = await delays({ ...exact, strategy })
    const shaken = await delays({ ...exact, strategy, jitter: undefined })
    t.is(shaken.length, most.length)
    for (const [at, delay] of shaken.entries()) t.true(delay >= 0 && delay <= (most[at] ?? 0), `${strategy} ${delay}`)
  }
})

test('a policy that makes no sense is refused', (t) => {
  for (const retry_policy of [
    'often',
    { attempts: 0 },
    { base_sec: -1 },
    { retry_on: [] },
    { retry_on: [1.5] },
    { jitter: 'half' },
    3,
  ]) {
    t.true(
      problemsOf({ playbook_id: 'x', steps: [{ command: 'a', retry_policy }] })[0]?.path.startsWith(
        'steps[0].retry_policy',
      ),
    )
  }
})

const risky = playbook(
  [
    { step_id: 'look', command: 'echo look', risk_level: 'read_only' },
    {
      step_id: 'stop',
      command: [...printArguments, '--', '{id}', '{token}'],
      risk_level: 'modify',
      rollback: 'echo start {id}',
    },
    { step_id: 'drop', command: 'echo drop "$ESCHER_PARAM_id"', shell: true, risk_level: 'destructive' },
  ],
  { parameters: { id: 'i-1 2', token: { default: 'hush-hush', secret: true } } },
)

const withAnswers = async (
  t: Parameters<typeof testManager>[0],
  options: PlaybookRunOptions,
  answer: (request: ApprovalRequest) => unknown,
) => {
  const requests: ApprovalRequest[] = []
  const { manager } = testManager(t)
  const result = await manager.run(risky, {
    ...options,
    onApproval: (request) => {
      requests.push(request)
      return answer(request) as ApprovalDecision
    },
  })
  return { requests, result }
}

test('steps above the level are asked for, with what would run; secrets are masked', async (t) => {
  const { requests, result } = await withAnswers(t, {}, () => ({ decision: 'approve' }))
  t.is(result.status, 'completed')
  t.deepEqual(
    requests.map(({ stepId, riskLevel }) => [stepId, riskLevel]),
    [
      ['stop', 'modify'],
      ['drop', 'destructive'],
    ],
  )
  t.is(requests[0]?.commandLine.split(' -- ')[1], "'i-1 2' '***'")
  t.is(requests[0]?.rollback, "echo start '{id}'")
  t.is(result.steps[1]?.result?.stdout, '["i-1 2","***"]')
  t.deepEqual(
    (await withAnswers(t, { approvalLevel: 'modify' }, () => ({ decision: 'approve' }))).requests.map(
      ({ stepId }) => stepId,
    ),
    ['drop'],
  )
  t.deepEqual((await withAnswers(t, { approvalLevel: 'destructive' }, () => ({ decision: 'approve' }))).requests, [])
})

test('without anybody to ask, such a step is refused and never run', async (t) => {
  const { manager } = testManager(t)
  const result = await manager.run(risky)
  t.like(result.error, { code: 'APPROVAL_MISSING', stepId: 'stop' })
  t.deepEqual(result.steps[1]?.attempts, [])
  t.is(result.steps[2]?.status, 'skipped')
  const unmarked = await manager.run(playbook([{ command: 'echo' }]), { defaultRiskLevel: 'modify' })
  t.is(unmarked.error?.code, 'APPROVAL_MISSING')
})

test('a rejected step fails with the reason', async (t) => {
  const { result } = await withAnswers(t, {}, () => ({ decision: 'reject', reason: 'not on a Friday' }))
  t.like(result.error, { code: 'APPROVAL_REJECTED', message: 'it was rejected: not on a Friday' })
  t.deepEqual(result.steps[1]?.attempts, [])
})

test('an answer that makes no sense, and a callback that throws, are no approval', async (t) => {
  for (const answer of [undefined, null, {}, { decision: 'yes' }, true, new Error('x')]) {
    const { result } = await withAnswers(t, {}, () => {
      if (answer instanceof Error) throw answer
      return answer
    })
    t.is(result.error?.code, 'APPROVAL_MISSING', String(answer))
    t.deepEqual(result.steps[1]?.attempts, [])
  }
})

test('an edited command runs instead: split by quotes, without placeholders, with masked words restored', async (t) => {
  const { result } = await withAnswers(t, {}, ({ stepId, commandLine }) => ({
    decision: 'approve',
    command:
      stepId === 'stop' ? commandLine.replace("'i-1 2'", "'other {token} $HOME'") : 'echo edited "$ESCHER_PARAM_id"',
  }))
  t.is(result.status, 'completed', result.error?.message)
  t.is(result.steps[1]?.result?.stdout, '["other {token} $HOME","***"]')
  t.is(result.steps[2]?.result?.stdout, 'edited i-1 2\n')
  const list = await withAnswers(t, { approvalLevel: 'read_only' }, ({ stepId }) =>
    stepId === 'stop' ? { decision: 'approve', command: ['echo', 'a  b'] } : { decision: 'approve' },
  )
  t.is(list.result.steps[1]?.result?.stdout, 'a  b\n')
  for (const command of ['echo a***b', "echo '", '', []]) {
    const { result: refused } = await withAnswers(t, {}, () => ({ decision: 'approve', command }))
    t.is(refused.error?.code, 'APPROVAL_MISSING', String(command))
  }
})

test('one question at a time, also when steps run side by side', async (t) => {
  const { manager } = testManager(t)
  let open = 0
  const result = await manager.run(
    playbook(
      Array.from({ length: 5 }, (_, at) => ({
        step_id: `s${at}`,
        command: 'echo',
        risk_level: 'modify',
        depends_on: [],
      })),
    ),
    {
      maxParallel: 5,
      onApproval: async () => {
        open += 1
        t.is(open, 1)
        await new Promise((resolve) => setImmediate(resolve))
        open -= 1
        return { decision: 'approve' }
      },
    },
  )
  t.is(result.status, 'completed')
})

test('a step that waits for its approval when another fails is skipped, and nobody is asked any more', async (t) => {
  const { manager } = testManager(t)
  const requests: ApprovalRequest[] = []
  const result = await manager.run(
    playbook([
      { step_id: 'asked', command: 'echo', risk_level: 'modify' },
      { step_id: 'queued', command: 'echo', risk_level: 'modify', depends_on: [] },
      { step_id: 'fails', command: 'false' },
    ]),
    {
      onApproval: (request) => {
        requests.push(request)
        return new Promise(() => {})
      },
    },
  )
  t.deepEqual(
    result.steps.map(({ status, skipReason }) => [status, skipReason]),
    [
      ['skipped', 'step `fails` failed'],
      ['skipped', 'step `fails` failed'],
      ['failed', null],
    ],
  )
  t.is(requests.length, 1)
  t.true(requests[0]?.signal.aborted)
})

test('each step leaves a record in the shape of the storage service', async (t) => {
  const { manager } = testManager(t)
  const records: AuditRecord[] = []
  const result = await manager.run(
    playbook([
      { command: script('process.stdout.write("é".repeat(600)); console.error("warned")'), parameters: {} },
      { command: 'echo {token}', parameters: { token: { default: 'hush-hush', secret: true } } },
      { command: 'exit 3', shell: true },
      { command: 'echo {steps.2.stdout}' },
    ]),
    { conversationId: 'c-1', records: { write: (record) => void records.push(record) } },
  )
  t.deepEqual(Object.keys(records[0] ?? {}), [
    'id',
    'conversation_id',
    'command',
    'command_type',
    'status',
    'started_at',
    'completed_at',
    'duration_sec',
    'exit_code',
    'output_summary',
    'error_summary',
    'full_output_path',
  ])
  t.deepEqual(
    records.map(({ status, exit_code, command_type }) => [status, exit_code, command_type]),
    [
      ['completed', 0, 'exec'],
      ['completed', 0, 'exec'],
      ['failed', 3, 'shell'],
      ['skipped', null, 'exec'],
    ],
  )
  t.is(records[0]?.id, result.steps[0]?.result?.id)
  t.is(records[0]?.conversation_id, 'c-1')
  t.is(records[0]?.output_summary, 'é'.repeat(500))
  t.is(records[0]?.error_summary, 'warned\n')
  t.is(records[0]?.full_output_path, result.steps[0]?.result?.logPath ?? '')
  t.deepEqual([records[1]?.command, records[1]?.output_summary], ["echo '***'", '***\n'])
  t.is(records[3]?.command, "echo '{steps.2.stdout}'")
  t.is(records[3]?.error_summary, 'step `3` failed')
  t.is(records[3]?.started_at, null)
  t.deepEqual(result.recordErrors, [])
})

test('a summary never ends in half a character', async (t) => {
  const { manager } = testManager(t)
  const records: AuditRecord[] = []
  await manager.run(playbook([{ command: script('console.log("x" + "𝄞".repeat(600))') }]), {
    records: { write: (record) => void records.push(record) },
  })
  t.is(records[0]?.output_summary, `x${'𝄞'.repeat(499)}`)
})

test('the file sink appends lines that only the owner can read', async (t) => {
  const { manager } = testManager(t)
  const path = join(temporaryFolder(t), 'audit.jsonl')
  for (const turn of [1, 2]) {
    await using records = new FileRecordSink(path)
    const result = await manager.run(
      playbook([{ command: 'echo a', depends_on: [] }, { command: 'echo b' }, { command: 'echo "c\nd"' }]),
      { records },
    )
    t.deepEqual(result.recordErrors, [])
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    t.is(lines.length, 3 * turn)
    t.true(lines.every((line) => (JSON.parse(line) as AuditRecord).status === 'completed'))
  }
  t.is(statSync(path).mode & 0o777, 0o600)
  chmodSync(path, 0o644)
  writeFileSync(path, '{"torn', { flag: 'a' })
  await using records = new FileRecordSink(path)
  await manager.run(playbook([{ command: 'echo' }]), { records })
  t.is(statSync(path).mode & 0o777, 0o600)
  t.is(readFileSync(path, 'utf8').trimEnd().split('\n').length, 8)
})

test('a sink that is a link, a folder or another’s file is refused; the run goes on and tells', async (t) => {
  const { manager } = testManager(t)
  const folder = temporaryFolder(t)
  const target = join(folder, 'target')
  writeFileSync(target, 'mine')
  symlinkSync(target, join(folder, 'symbolic'))
  linkSync(target, join(folder, 'hard'))
  mkdirSync(join(folder, 'folder'))
  for (const name of ['symbolic', 'hard', 'folder', 'missing/file']) {
    await using records = new FileRecordSink(join(folder, name))
    const result = await manager.run(playbook([{ command: 'echo' }]), { records })
    t.is(result.status, 'completed')
    t.is(result.recordErrors.length, 1, name)
    t.regex(result.recordErrors[0] ?? '', /^step `1`: /)
  }
  t.is(readFileSync(target, 'utf8'), 'mine')
})

test('credentials reach each attempt just before it runs, and are masked everywhere', async (t) => {
  const { manager } = testManager(t)
  const asks: string[] = []
  const records: AuditRecord[] = []
  const events: PlaybookEvent[] = []
  const file = join(temporaryFolder(t), 'calls')
  const show =
    'console.log(process.env.TOKEN, process.env.REGION); console.error(Buffer.from(process.env.TOKEN).toString("base64"));'
  const command = script(
    `${show} const fs = require("fs"); fs.appendFileSync(process.argv[1], "."); process.exit(fs.statSync(process.argv[1]).size < 2 ? 1 : 0)`,
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
