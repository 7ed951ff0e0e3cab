/** Public types of the manager: what is asked, what happens, what comes out. Plain data, made to cross process borders. */
import type { ExecutionResult, FailureCode, OutputStream } from '@escher/execution-engine'
import type { CredentialProvider } from '../adapters/environment-credentials.js'
import type { RecordSink } from './audit-record.js'
import type { RiskLevel } from '../playbook/schema.js'

export type ParameterValue = string | number | boolean

/** A command as it would run, secrets masked. */
export type PlannedCommand =
  | { readonly kind: 'exec'; readonly argv: readonly string[] }
  /** `env`: the values of the script's placeholders, by the variables it names instead of them. */
  | { readonly kind: 'shell'; readonly script: string; readonly env: Readonly<Record<string, string>> }

/** What a dry run tells of a step. A value that is not known yet stands as its placeholder. */
export interface PlannedStep {
  readonly id: string
  readonly name: string
  readonly command: PlannedCommand
  readonly rollback: PlannedCommand | null
  readonly riskLevel: RiskLevel
  /** Somebody would be asked. */
  readonly needsApproval: boolean
  /** It runs only if this holds. */
  readonly when: string | null
  readonly dependsOn: readonly string[]
}

/** Why a step failed, besides what the engine says. */
export type StepErrorCode =
  | FailureCode
  /** Somebody said no. */
  | 'APPROVAL_REJECTED'
  /** There was nobody to ask, or the answer made no sense. */
  | 'APPROVAL_MISSING'
  /** A value of an earlier step is not there. */
  | 'VALUE_MISSING'
  | 'CONDITION_FAILED'
  | 'CREDENTIALS_FAILED'
  /** The engine did not take the request. */
  | 'REQUEST_REFUSED'

export interface StepError {
  readonly code: StepErrorCode
  readonly message: string
}

export type StepStatus =
  | 'pending'
  | 'waiting_for_approval'
  | 'running'
  | 'retrying'
  | 'completed'
  | 'failed'
  | 'skipped'
  | 'cancelled'
  /** In a dry run. */
  | 'planned'

export type RunStatus = 'running' | 'completed' | 'failed' | 'cancelled'

/** One execution of a step, with a log of its own. */
export interface AttemptState {
  readonly executionId: string
  readonly status: 'running' | ExecutionResult['status']
  readonly exitCode: number | null
  readonly startedAt: string
  readonly durationMs: number | null
  readonly logPath: string | null
}

export interface StepState {
  readonly id: string
  readonly name: string
  readonly status: StepStatus
  readonly attempts: readonly AttemptState[]
  /** ISO 8601, UTC. */
  readonly startedAt: string | null
  readonly completedAt: string | null
  /** From the first attempt's start to the last one's end, waiting between them included. */
  readonly durationMs: number | null
  readonly expectedDurationMs: number | null
  readonly skipReason: string | null
  readonly error: StepError | null
  /** Of the last attempt. */
  readonly result: ExecutionResult | null
  /** How the rollback ended, where there was one. */
  readonly rollback: RollbackState | null
}

export interface RollbackState {
  readonly status: 'running' | 'completed' | 'failed'
  readonly executionId: string | null
  readonly error: StepError | null
}

/** Everything about a run at one moment. Never changed: each event makes a new one that shares what stayed the same. */
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
  readonly status: Exclude<RunStatus, 'running'>
  readonly startedAt: string
  readonly completedAt: string
  readonly durationMs: number
  /** In the order of the playbook. */
  readonly steps: readonly StepState[]
  /** The failure that stopped the run: the first. */
  readonly error: (StepError & { readonly stepId: string }) | null
  /** What would have run; `null` unless it was a dry run. */
  readonly plan: readonly PlannedStep[] | null
  /** Why records are missing: what the sink threw. */
  readonly recordErrors: readonly string[]
}

interface EventBase<Type extends string> {
  readonly type: Type
  readonly runId: string
  readonly playbookId: string
  /** ISO 8601, UTC. */
  readonly timestamp: string
}

interface StepEventBase<Type extends string> extends EventBase<Type> {
  readonly stepId: string
}

/** One thing that happened in a run. `playbook_started` is the first, `playbook_completed` the last. */
export type PlaybookEvent =
  | (EventBase<'playbook_started'> & {
      readonly name: string
      readonly dryRun: boolean
      readonly steps: readonly {
        readonly id: string
        readonly name: string
        readonly expectedDurationMs: number | null
        /** Resumed: it ended in an earlier run and is not run again. */
        readonly isKept: boolean
      }[]
    })
  /** In a dry run, instead of everything else about a step. */
  | (StepEventBase<'step_planned'> & { readonly step: PlannedStep })
  | (StepEventBase<'approval_required'> & { readonly request: ApprovalRequest })
  /** An attempt begins. */
  | (StepEventBase<'step_started'> & {
      readonly name: string
      /** From 1. */
      readonly attempt: number
      readonly command: PlannedCommand
      /** The command as one would type it, secrets masked. */
      readonly commandLine: string
      readonly executionId: string
    })
  | (StepEventBase<'step_output'> & {
      readonly executionId: string
      readonly stream: OutputStream
      /** Without its end. */
      readonly line: string
      /** It goes on in the next event. */
      readonly partial: boolean
    })
  /** An attempt failed, and there will be another. */
  | (StepEventBase<'step_retry'> & {
      /** That failed. */
      readonly attempt: number
      readonly maxAttempts: number
      readonly delayMs: number
      readonly reason: string
      readonly result: ExecutionResult
    })
  | (StepEventBase<'step_completed'> & {
      readonly name: string
      readonly durationMs: number
      readonly result: ExecutionResult
    })
  /** `result` is `null` where nothing was run. `cancelled`: it did not fail by itself. */
  | (StepEventBase<'step_failed'> & {
      readonly name: string
      readonly durationMs: number
      readonly error: StepError
      readonly result: ExecutionResult | null
      readonly cancelled: boolean
      /** The run goes on all the same. */
      readonly continued: boolean
    })
  | (StepEventBase<'step_skipped'> & { readonly name: string; readonly reason: string })
  | (StepEventBase<'rollback_started'> & {
      readonly command: PlannedCommand
      readonly commandLine: string
      readonly executionId: string
    })
  | (StepEventBase<'rollback_completed'> & {
      readonly executionId: string | null
      readonly error: StepError | null
      readonly result: ExecutionResult | null
    })
  | (EventBase<'playbook_completed'> & { readonly status: PlaybookResult['status']; readonly result: PlaybookResult })

export type PlaybookEventListener = (event: PlaybookEvent) => void

/** What somebody is asked about. */
export interface ApprovalRequest {
  readonly runId: string
  readonly playbookId: string
  readonly stepId: string
  readonly name: string
  readonly riskLevel: RiskLevel
  /** What would run, secrets masked. */
  readonly command: PlannedCommand
  /** The same as one would type it: show this, and let it be edited. */
  readonly commandLine: string
  /** What undoes it, as one would type it. */
  readonly rollback: string | null
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/**
 * The answer. A `command` takes the place of the step's: a text is split into words (or is the shell's line, for a shell
 * step), a list is taken as it is, and no placeholder is replaced.
 */
export type ApprovalDecision =
  | { readonly decision: 'approve'; readonly command?: string | readonly string[] }
  | { readonly decision: 'reject'; readonly reason?: string }

export type ApprovalCallback = (request: ApprovalRequest) => ApprovalDecision | Promise<ApprovalDecision>

/** How a playbook is run. */
export interface PlaybookRunOptions {
  /** Values of parameters; they win over the playbook's. */
  parameters?: Readonly<Record<string, ParameterValue>>
  /** Tell what would run, run nothing, ask nobody. @default false */
  dryRun?: boolean
  /** Above it, `onApproval` is asked. @default 'read_only' */
  approvalLevel?: RiskLevel
  /** The risk of a step that names none. @default 'read_only' */
  defaultRiskLevel?: RiskLevel
  /** Without it, a step above the level is refused. Asked for one step at a time. */
  onApproval?: ApprovalCallback
  /** Steps of a graph that run at once. @default the playbook's `max_parallel`, or 4 */
  maxParallel?: number
  /** When the run fails or is cancelled, undo completed steps in reverse order. @default false */
  rollback?: boolean
  /**
   * Begin at this step. `state` is that of an earlier run: what completed there keeps its results. Without it, what comes
   * before is skipped.
   */
  resumeFrom?: { readonly step: string; readonly state?: RunState }
  /** Cancels the run when it is aborted. */
  signal?: AbortSignal
  /** Gets every event, one at a time, in order. */
  onEvent?: PlaybookEventListener
  /** Gets a record of each step. */
  records?: RecordSink
  /** Gives steps their credentials. */
  credentials?: CredentialProvider
  /** Goes into records and into the metadata of executions. */
  conversationId?: string
  /** The folder for steps that name none. @default the host's */
  workingDir?: string
  /** For every step, under its own. `null` removes a variable. */
  env?: Readonly<Record<string, string | null>>
}

/** What all runs of a manager share; a run's own options win. */
export interface ManagerOptions extends Pick<
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
> {
  /** The engine's own setting: a playbook with a longer `timeout_sec` is refused before it runs. @default 600000 */
  maxTimeoutMs?: number
}
