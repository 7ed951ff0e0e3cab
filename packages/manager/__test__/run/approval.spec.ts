import test from 'ava'

import type { ApprovalDecision, ApprovalRequest, PlaybookRunOptions } from '@escher/execution-manager'
import { playbook, printArguments, testManager } from '../helpers/playbook.js'

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

test('steps above the level need approval; requests show the command, secrets masked', async (t) => {
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

test('without onApproval, such a step is refused and never run', async (t) => {
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

test('a step that waits for its approval when another fails is skipped, and no more questions are asked', async (t) => {
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
