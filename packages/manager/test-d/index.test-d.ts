import { expectAssignable, expectError, expectNotAssignable, expectType } from 'tsd'

import { ExecutionEngine, type ExecutionResult } from '@escher/execution-engine'
import {
  type ApprovalDecision,
  type AuditRecord,
  type CredentialProvider,
  EnvironmentCredentials,
  ExecutionManager,
  FileRecordSink,
  KeychainCredentials,
  loadPlaybook,
  parsePlaybook,
  type PlannedStep,
  type Playbook,
  PlaybookError,
  type PlaybookEvent,
  type PlaybookFile,
  type PlaybookProblem,
  type PlaybookResult,
  type PlaybookRun,
  type PlaybookRunOptions,
  type RecordSink,
  type RunState,
  type StepError,
} from '..'

const manager = new ExecutionManager(new ExecutionEngine(), { approvalLevel: 'modify' })
const playbook = parsePlaybook('{}')
expectType<Playbook>(playbook)
expectType<Promise<Playbook>>(loadPlaybook('playbook.json'))

// A run is a promise of its result and an iteration of its events
const run = manager.run(playbook, { parameters: { a: 'x', b: 1, c: true } })
expectType<PlaybookRun>(run)
expectType<Promise<PlaybookResult>>(run.result)
expectType<RunState>(run.state)
expectType<boolean>(run.cancel({ force: true }))
void run.then(({ plan }) => expectType<readonly PlannedStep[] | null>(plan))
export const follow = async (): Promise<void> => {
  for await (const event of run) {
    expectType<PlaybookEvent>(event)
    if (event.type === 'step_output') expectType<string>(event.line)
    if (event.type === 'step_failed') {
      expectType<StepError>(event.error)
      expectType<ExecutionResult | null>(event.result)
    }
    if (event.type === 'playbook_completed') expectType<'completed' | 'failed' | 'cancelled'>(event.status)
  }
}

// A state cannot be changed
expectError((run.state.status = 'failed'))
expectError(run.state.steps.push())
expectError(manager.run(playbook, { parameters: { a: null } }))
expectError(manager.run(playbook, { approvalLevel: 'everything' }))
expectError(new ExecutionManager())

// Approval
expectAssignable<ApprovalDecision>({ decision: 'approve' })
expectAssignable<ApprovalDecision>({ decision: 'approve', command: ['echo', 'a'] })
expectAssignable<ApprovalDecision>({ decision: 'reject', reason: 'no' })
expectNotAssignable<ApprovalDecision>({ decision: 'later' })
expectAssignable<PlaybookRunOptions['onApproval']>(async ({ signal, riskLevel, commandLine }) => {
  expectType<AbortSignal>(signal)
  expectType<'read_only' | 'modify' | 'destructive'>(riskLevel)
  return { decision: 'reject', reason: commandLine }
})

// What can be plugged in
expectAssignable<RecordSink>(new FileRecordSink('audit.jsonl'))
expectAssignable<RecordSink>({ write: (record: AuditRecord) => console.log(record.exit_code) })
expectAssignable<CredentialProvider>(new EnvironmentCredentials(['TOKEN']))
expectAssignable<CredentialProvider>(new KeychainCredentials({ service: 'app', accounts: { TOKEN: 'account' } }))
expectAssignable<CredentialProvider>({ credentials: ({ stepId }) => ({ secrets: { TOKEN: stepId } }) })
expectNotAssignable<CredentialProvider>({ credentials: () => 'token' })

// The file
expectAssignable<PlaybookFile>({ playbook_id: 'x', steps: [{ step: 1, command: 'echo', retry_policy: 'fixed' }] })
expectAssignable<PlaybookFile>({
  playbook_id: 'x',
  steps: [{ command: ['echo'], retry_policy: { retry_on: [254, 'Throttling'] } }],
})
expectNotAssignable<PlaybookFile>({ steps: [] })
expectNotAssignable<PlaybookFile>({ playbook_id: 'x', steps: [{ command: 'echo', risk_level: 'some' }] })

expectType<readonly PlaybookProblem[]>(new PlaybookError([]).problems)
