/** What a run is asked and what it answers: statuses, states, results. Plain data, made to cross process boundaries. */
import type { ExecutionResult, FailureCode } from '@escher/execution-engine'

import type { RiskLevel } from '../playbook/schema.js'
import type { PlannedCommand } from '../template/command.js'

/** Why a step failed: the engine's codes, and those of the manager. */
export type StepErrorCode =
  | FailureCode
  /** The answer was no. */
  | 'APPROVAL_REJECTED'
  /** There was no `onApproval` to ask, or its answer made no sense. */
  | 'APPROVAL_MISSING'
  /** A value of an earlier step is not there. */
  | 'VALUE_MISSING'
  | 'CONDITION_FAILED'
  | 'CREDENTIALS_FAILED'
  /** The engine did not take the request. */
  | 'REQUEST_REFUSED'

/** Why a step failed. */
export interface StepError {
  readonly code: StepErrorCode
  readonly message: string
}

/** The statuses that a step keeps. */
export const endedStatuses = ['completed', 'failed', 'skipped', 'cancelled'] as const
export type EndedStatus = (typeof endedStatuses)[number]

/** Where a step stands. `planned`: in a dry run. */
export type StepStatus = 'pending' | 'waiting_for_approval' | 'running' | 'retrying' | EndedStatus | 'planned'

/** How a run ends. */
export type RunEnding = Exclude<EndedStatus, 'skipped'>

/** Where a run stands. */
export type RunStatus = 'running' | RunEnding

/** One execution of a step, with a log of its own. */
export interface AttemptState {
  readonly executionId: string
  readonly status: 'running' | ExecutionResult['status']
  readonly exitCode: number | null
  readonly startedAt: string
  readonly durationMs: number | null
  readonly logPath: string | null
}

/** Everything about a step at one moment. */
export interface StepState {
  readonly id: string
  readonly name: string
  readonly status: StepStatus
  readonly attempts: readonly AttemptState[]
  /** ISO 8601, UTC. */
  readonly startedAt: string | null
  readonly completedAt: string | null
  /** From the start of the first attempt to the end of the last, the waits included. */
  readonly durationMs: number | null
  readonly expectedDurationMs: number | null
  readonly skipReason: string | null
  readonly error: StepError | null
  /** The last attempt's. */
  readonly result: ExecutionResult | null
  /** `null` where there was none. */
  readonly rollback: RollbackState | null
}

/** How undoing a step went. */
export interface RollbackState {
  readonly status: 'running' | 'completed' | 'failed'
  readonly executionId: string | null
  readonly error: StepError | null
}

/** Everything about a run at one moment. It never changes: each event makes a new one, which shares what stayed. */
export interface RunState {
  readonly id: string
  readonly playbookId: string
  readonly status: RunStatus
  readonly startedAt: string
  readonly completedAt: string | null
  readonly steps: readonly StepState[]
}

/** How a run ended. */
export interface PlaybookResult {
  readonly runId: string
  readonly playbookId: string
  readonly status: RunEnding
  readonly startedAt: string
  readonly completedAt: string
  readonly durationMs: number
  /** In the order of the playbook. */
  readonly steps: readonly StepState[]
  /** The first failure, which stopped the run. */
  readonly error: (StepError & { readonly stepId: string }) | null
  /** What would have run; `null` unless it was a dry run. */
  readonly plan: readonly PlannedStep[] | null
  /** What the sink threw: why records are missing. */
  readonly recordErrors: readonly string[]
}

/** What a dry run says of a step. A value that is not known yet stands as its placeholder. */
export interface PlannedStep {
  readonly id: string
  readonly name: string
  readonly command: PlannedCommand
  readonly rollback: PlannedCommand | null
  readonly riskLevel: RiskLevel
  /** Approval would be asked for. */
  readonly needsApproval: boolean
  /** It runs only if this holds. */
  readonly when: string | null
  readonly dependsOn: readonly string[]
}

/** What `onApproval` is asked. */
export interface ApprovalRequest {
  readonly runId: string
  readonly playbookId: string
  readonly stepId: string
  readonly name: string
  readonly riskLevel: RiskLevel
  /** What would run, secrets masked. */
  readonly command: PlannedCommand
  /** The command as one would type it: show this, and let it be edited. */
  readonly commandLine: string
  /** The command that undoes it, as one would type it. */
  readonly rollback: string | null
  /** Aborted when the answer is no longer needed. */
  readonly signal: AbortSignal
}

/**
 * The answer. A `command` replaces the step's: a string is split into words (or is the shell's line, for a shell step),
 * an array is taken as it is, and no placeholder is replaced.
 */
export type ApprovalDecision =
  | { readonly decision: 'approve'; readonly command?: string | readonly string[] }
  | { readonly decision: 'reject'; readonly reason?: string }

/**
 * Decides whether a step may run. What it throws is no approval.
 *
 * @example
 * const onApproval: ApprovalCallback = ({ commandLine }) =>
 *   commandLine.startsWith('git ') ? { decision: 'approve' } : { decision: 'reject', reason: 'only git' }
 */
export type ApprovalCallback = (request: ApprovalRequest) => ApprovalDecision | Promise<ApprovalDecision>
