/** The events of a run. Plain data, except for the signal of an approval request. */
import type { ExecutionResult, OutputStream } from '@escher/execution-engine'

import type { PlannedCommand } from '../template/command.js'
import type { ApprovalRequest, PlannedStep, PlaybookResult, RunEnding, StepError } from './types.js'

/** The fields of every event. */
interface RunEvent<Type extends string> {
  readonly type: Type
  readonly runId: string
  readonly playbookId: string
  /** ISO 8601, UTC. */
  readonly timestamp: string
}

interface StepEvent<Type extends string> extends RunEvent<Type> {
  readonly stepId: string
}

/** An event of a run. `playbook_started` is the first, `playbook_completed` the last. */
export type PlaybookEvent =
  | (RunEvent<'playbook_started'> & {
      readonly name: string
      readonly dryRun: boolean
      readonly steps: readonly {
        readonly id: string
        readonly name: string
        readonly expectedDurationMs: number | null
        /** Whether it ended in the run that this one resumes, and is not run again. */
        readonly isKept: boolean
      }[]
    })
  /** In a dry run, the only event of a step. */
  | (StepEvent<'step_planned'> & { readonly step: PlannedStep })
  | (StepEvent<'approval_required'> & { readonly request: ApprovalRequest })
  /** An attempt starts. */
  | (StepEvent<'step_started'> & {
      readonly name: string
      /** From 1. */
      readonly attempt: number
      readonly command: PlannedCommand
      /** The command as one would type it, secrets masked. */
      readonly commandLine: string
      readonly executionId: string
    })
  | (StepEvent<'step_output'> & {
      readonly executionId: string
      readonly stream: OutputStream
      /** Without its line end. */
      readonly line: string
      /** Whether it continues in the next event. */
      readonly partial: boolean
    })
  /** An attempt failed, and there will be another. */
  | (StepEvent<'step_retry'> & {
      /** The one that failed. */
      readonly attempt: number
      readonly maxAttempts: number
      readonly delayMs: number
      readonly reason: string
      readonly result: ExecutionResult
    })
  | (StepEvent<'step_completed'> & {
      readonly name: string
      readonly durationMs: number
      readonly result: ExecutionResult
    })
  /** `result` is `null` if nothing was run. `cancelled`: the step was cancelled together with the run. */
  | (StepEvent<'step_failed'> & {
      readonly name: string
      readonly durationMs: number
      readonly error: StepError
      readonly result: ExecutionResult | null
      readonly cancelled: boolean
      /** Whether the run continues, because of `continue_on_error`. */
      readonly continued: boolean
    })
  | (StepEvent<'step_skipped'> & { readonly name: string; readonly reason: string })
  | (StepEvent<'rollback_started'> & {
      readonly command: PlannedCommand
      readonly commandLine: string
      readonly executionId: string
    })
  | (StepEvent<'rollback_completed'> & {
      readonly executionId: string | null
      readonly error: StepError | null
      readonly result: ExecutionResult | null
    })
  | (RunEvent<'playbook_completed'> & { readonly status: RunEnding; readonly result: PlaybookResult })

/** Receives events. An exception is an uncaught exception, and does not affect the run. */
export type PlaybookEventListener = (event: PlaybookEvent) => void
