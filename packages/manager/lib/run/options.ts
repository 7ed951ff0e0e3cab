/** How to run a playbook, and checks of these options. */
import type { Findings } from '../playbook/problems.js'
import { type ParameterValue, riskLevels, type RiskLevel } from '../playbook/schema.js'
import { nameHint } from '../template/hints.js'
import type { RecordSink } from './audit-record.js'
import type { CredentialProvider } from './credentials.js'
import type { PlaybookEventListener } from './events.js'
import type { ApprovalCallback, RunState } from './types.js'

/** How to run a playbook. */
export interface PlaybookRunOptions {
  /** Values of parameters; they win over the playbook's. */
  parameters?: Readonly<Record<string, ParameterValue>>
  /** Report what would run, without running or asking anything. @default false */
  dryRun?: boolean
  /** A step above this level needs approval. @default 'read_only' */
  approvalLevel?: RiskLevel
  /** The risk level of steps that set none. @default 'read_only' */
  defaultRiskLevel?: RiskLevel
  /** Asked for approval, one step at a time. Without it, a step above the level is refused. */
  onApproval?: ApprovalCallback
  /** How many steps of a graph run at once. @default the playbook's `max_parallel`, or 4 */
  maxParallel?: number
  /** If the run fails or is cancelled, undo completed steps in reverse order. @default false */
  rollback?: boolean
  /**
   * Start at this step. `state` comes from an earlier run, whose completed steps keep their results. Without it,
   * earlier steps are skipped.
   */
  resumeFrom?: { readonly step: string; readonly state?: RunState }
  /** Cancels the run when it is aborted. */
  signal?: AbortSignal
  /** Receives every event, one at a time, in order. */
  onEvent?: PlaybookEventListener
  /** Receives an audit record of each step. */
  records?: RecordSink
  /** Provides the credentials of each attempt. */
  credentials?: CredentialProvider
  /** Copied into records and into the metadata of executions. */
  conversationId?: string
  /** The working directory of steps that set none. @default the host's */
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

/** What is allowed, if a value is not; `undefined` if it is. */
type Check = (value: unknown) => string | undefined

const unchecked: Check = () => undefined
const level: Check = (value) =>
  riskLevels.some((known) => known === value) ? undefined : `allowed are ${riskLevels.join(', ')}`
const count: Check = (value) =>
  Number.isInteger(value) && Number(value) >= 1 ? undefined : 'allowed is a whole number from 1'

/** Every option. */
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
