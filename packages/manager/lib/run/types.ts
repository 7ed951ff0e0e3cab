/** What a run asks and returns: statuses, states, results. Plain data that can cross process boundaries. */
import type { ExecutionResult, FailureCode } from '@escher/execution-engine'

import type { RiskLevel } from '../playbook/schema.js'
import type { PlannedCommand } from '../template/command.js'

/** Why a step failed: the engine's codes, and the manager's own. */
export type StepErrorCode =
  | FailureCode
  /** The answer was no. */
  | 'APPROVAL_REJECTED'
  /** There was no `onApproval` to ask, or its answer made no sense. */
  | 'APPROVAL_MISSING'
  /** A value of an earlier step is missing. */
  | 'VALUE_MISSING'
  | 'CONDITION_FAILED'
  | 'CREDENTIALS_FAILED'
  /** The engine refused the request. */
  | 'REQUEST_REFUSED'

/** Why a step failed. */
export interface StepError {
  readonly code: StepErrorCode
  readonly message: string
}

/** The statuses in which a step ends. */
export const endedStatuses = ['completed', 'failed', 'skipped', 'cancelled'] as const
export type EndedStatus = (typeof endedStatuses)[number]

/** The current status of a step. `planned`: in a dry run. */
export type StepStatus = 'pending' | 'waiting_for_approval' | 'running' | 'retrying' | EndedStatus | 'planned'

/** How a run ends. */
export type RunEnding = Exclude<EndedStatus, 'skipped'>

/** The current status of a run. */
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

/** The state of a step at one moment. */
export interface StepState {
  readonly id: string
  readonly name: string
  readonly status: StepStatus
  readonly attempts: readonly AttemptState[]
  /** ISO 8601, UTC. */
  readonly startedAt: string | null
  readonly completedAt: string | null
  /** From the start of the first attempt to the end of the last, waits included. */
  readonly durationMs: number | null
  readonly expectedDurationMs: number | null
  readonly skipReason: string | null
  readonly error: StepError | null
  /** The last attempt's. */
  readonly result: ExecutionResult | null
  /** `null` where there was none. */
  readonly rollback: RollbackState | null
}

/** The outcome of a rollback. */
export interface RollbackState {
  readonly status: 'running' | 'completed' | 'failed'
  readonly executionId: string | null
  readonly error: StepError | null
}

/** The state of a run at one moment. It never changes: each event makes a new one, which shares the unchanged parts. */
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
  /** What would have run; `null` except in a dry run. */
  readonly plan: readonly PlannedStep[] | null
  /** The sink's exceptions: why records are missing. */
  readonly recordErrors: readonly string[]
}

/** What a dry run reports about a step. An unknown value appears as its placeholder. */
export interface PlannedStep {
  readonly id: string
  readonly name: string
  readonly command: PlannedCommand
  readonly rollback: PlannedCommand | null
  readonly riskLevel: RiskLevel
  /** Whether approval would be requested. */
  readonly needsApproval: boolean
  /** The condition it depends on. */
  readonly when: string | null
  readonly dependsOn: readonly string[]
}

/** What `onApproval` receives. */
export interface ApprovalRequest {
  readonly runId: string
  readonly playbookId: string
  readonly stepId: string
  readonly name: string
  readonly riskLevel: RiskLevel
  /** What would run, secrets masked. */
  readonly command: PlannedCommand
  /** The command as one would type it, to be shown and edited. */
  readonly commandLine: string
  /** The command that undoes it, as one would type it. */
  readonly rollback: string | null
  /** Aborted when the answer is no longer needed. */
  readonly signal: AbortSignal
}

/**
 * The answer. A `command` replaces the step's: a string is split into words (or is the script of a shell step), an
 * array is used as it is, and no placeholder is replaced.
 */
export type ApprovalDecision =
  | { readonly decision: 'approve'; readonly command?: string | readonly string[] }
  | { readonly decision: 'reject'; readonly reason?: string }

/**
 * Decides whether a step may run. An exception is no approval.
 *
 * @example
 * const onApproval: ApprovalCallback = ({ commandLine }) =>
 *   commandLine.startsWith('git ') ? { decision: 'approve' } : { decision: 'reject', reason: 'only git' }
 */
export type ApprovalCallback = (request: ApprovalRequest) => ApprovalDecision | Promise<ApprovalDecision>
