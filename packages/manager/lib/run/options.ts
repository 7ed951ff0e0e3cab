/** How a playbook is run, and whether the options make sense. */
import type { Findings } from '../playbook/problems.js'
import { type ParameterValue, riskLevels, type RiskLevel } from '../playbook/schema.js'
import { nameHint } from '../template/hints.js'
import type { RecordSink } from './audit-record.js'
import type { CredentialProvider } from './credentials.js'
import type { PlaybookEventListener } from './events.js'
import type { ApprovalCallback, RunState } from './types.js'

/** How a playbook is run. */
export interface PlaybookRunOptions {
  /** Values of parameters; they win over the playbook's. */
  parameters?: Readonly<Record<string, ParameterValue>>
  /** Say what would run; run nothing and ask for nothing. @default false */
  dryRun?: boolean
  /** A step above this level needs approval. @default 'read_only' */
  approvalLevel?: RiskLevel
  /** The risk of a step that names none. @default 'read_only' */
  defaultRiskLevel?: RiskLevel
  /** Asked for approval, for one step at a time. Without it, a step above the level is refused. */
  onApproval?: ApprovalCallback
  /** Steps of a graph that run at once. @default the playbook's `max_parallel`, or 4 */
  maxParallel?: number
  /** When the run fails or is cancelled, undo completed steps in reverse order. @default false */
  rollback?: boolean
  /**
   * Start at this step. `state` is that of an earlier run, whose completed steps keep their results. Without it, the
   * steps before are skipped.
   */
  resumeFrom?: { readonly step: string; readonly state?: RunState }
  /** Cancels the run when it is aborted. */
  signal?: AbortSignal
  /** Gets every event, one at a time, in order. */
  onEvent?: PlaybookEventListener
  /** Gets an audit record of each step. */
  records?: RecordSink
  /** Asked for the credentials of each attempt. */
  credentials?: CredentialProvider
  /** Goes into records and into the metadata of executions. */
  conversationId?: string
  /** The working directory of steps that name none. @default the host's */
  workingDir?: string
  /** Environment variables of every step; a step's own win. `null` removes one. */
  env?: Readonly<Record<string, string | null>>
}

/** Options that all runs of a manager share; a run's own win. */
export type ManagerOptions = Pick<
  PlaybookRunOptions,
  | 'approvalLevel'
  | 'defaultRiskLevel'
  | 'onApproval'
  | 'maxParallel'
  | 'records'
  | 'credentials'
  | 'conversationId'
  | 'workingDir'
  | 'env'
>

/** What is allowed, where a value is not; `undefined` when it is. */
type Check = (value: unknown) => string | undefined

const unchecked: Check = () => undefined
const level: Check = (value) =>
  riskLevels.some((known) => known === value) ? undefined : `allowed are ${riskLevels.join(', ')}`
const count: Check = (value) =>
  Number.isInteger(value) && Number(value) >= 1 ? undefined : 'allowed is a whole number from 1'

/** Every option there is. */
const checks: Readonly<Record<keyof PlaybookRunOptions, Check>> = {
  parameters: unchecked,
  dryRun: unchecked,
  approvalLevel: level,
  defaultRiskLevel: level,
  onApproval: unchecked,
  maxParallel: count,
  rollback: unchecked,
  resumeFrom: unchecked,
  signal: unchecked,
  onEvent: unchecked,
  records: unchecked,
  credentials: unchecked,
  conversationId: unchecked,
  workingDir: unchecked,
  env: unchecked,
}

/** Reports options that are unknown or not allowed. */
export const checkOptions = (options: PlaybookRunOptions, findings: Findings): void => {
  const known = new Map<string, Check>(Object.entries(checks))
  for (const [name, value] of Object.entries(options)) {
    const check = known.get(name)
    if (check === undefined) findings.add([name], 'there is no such option', nameHint(name, [...known.keys()]))
    else if (value !== undefined) {
      const allowed = check(value)
      if (allowed !== undefined) findings.add([name], `it is ${String(value)}`, allowed)
    }
  }
}
