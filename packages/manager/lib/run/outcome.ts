/** How a step ends, and when. */
import type { ExecutionResult } from '@escher/execution-engine'
import { now } from '@escher/execution-engine/support'

import type { FilledCommand } from '../template/command.js'
import type { EndedStatus, StepError } from './types.js'

/** How a step ended. */
export type StepEnding =
  | { readonly kind: Extract<EndedStatus, 'completed'>; readonly result: ExecutionResult }
  | {
      readonly kind: Extract<EndedStatus, 'failed' | 'cancelled'>
      readonly error: StepError
      readonly result: ExecutionResult | null
    }
  | { readonly kind: Extract<EndedStatus, 'skipped'>; readonly reason: string }

/** How a step ended, what it ran, and when. */
export interface StepOutcome {
  readonly ending: StepEnding
  /** `undefined` if it did not get as far as a command. */
  readonly filled: FilledCommand | undefined
  /** ISO 8601, UTC; `null` if it never started. */
  readonly startedAt: string | null
  readonly completedAt: string
  readonly durationMs: number
}

/** The outcome of a step that was not run. */
export const skipped = (reason: string): StepOutcome => ({
  ending: { kind: 'skipped', reason },
  filled: undefined,
  startedAt: null,
  completedAt: new Date().toISOString(),
  durationMs: 0,
})

/** Runs a step and measures its time. Call `onCommand` with the command once it is known. */
export const timed = async (
  run: (onCommand: (filled: FilledCommand) => void) => Promise<StepEnding>,
): Promise<StepOutcome> => {
  const startedAt = new Date().toISOString()
  const start = now()
  let filled: FilledCommand | undefined
  const ending = await run((command) => {
    filled = command
  })
  if (ending.kind === 'skipped') return skipped(ending.reason)
  const durationMs = Math.round(now() - start)
  return { ending, filled, startedAt, completedAt: new Date().toISOString(), durationMs }
}
