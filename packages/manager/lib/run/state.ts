/** The state of a run, computed from its events. Each state is new and frozen, and shares its unchanged parts. */
import type { Step } from '../playbook/step.js'
import type { PlaybookEvent } from './events.js'
import type { AttemptState, RunState, StepState } from './types.js'

/** Freezes plain data, recursively. */
const frozen = <Value>(value: Value): Value => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || !isPlain(value)) return value
  Object.freeze(value)
  for (const part of Object.values(value)) frozen(part)
  return value
}

// An AbortSignal inside an approval request must keep working.
const isPlain = (value: object): boolean =>
  Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value))

const pending = ({ id, name, expectedDurationMs }: Step): StepState => ({
  id,
  name,
  status: 'pending',
  attempts: [],
  startedAt: null,
  completedAt: null,
  durationMs: null,
  expectedDurationMs,
  skipReason: null,
  error: null,
  result: null,
  rollback: null,
})

/** Follows the events of one run. */
export class RunStates {
  readonly #positions: ReadonlyMap<string, number>
  readonly #steps: StepState[]
  #run: Omit<RunState, 'steps'>
  /** Created on demand: with thousands of steps, a copy for each event would cost more than the event. */
  #snapshot: RunState | undefined

  /** `kept`: how steps ended in an earlier run. */
  constructor(
    run: { id: string; playbookId: string; startedAt: string },
    steps: readonly Step[],
    kept: ReadonlyMap<string, StepState>,
  ) {
    this.#run = { ...run, status: 'running', completedAt: null }
    this.#positions = new Map(steps.map(({ id }, index) => [id, index]))
    this.#steps = steps.map((step) => frozen(kept.get(step.id) ?? pending(step)))
  }

  get current(): RunState {
    this.#snapshot ??= Object.freeze({ ...this.#run, steps: Object.freeze([...this.#steps]) })
    return this.#snapshot
  }

  step(id: string): StepState | undefined {
    return this.#steps[this.#positions.get(id) ?? -1]
  }

  apply(event: PlaybookEvent): void {
    if (event.type === 'playbook_completed') {
      this.#run = { ...this.#run, status: event.status, completedAt: event.timestamp }
      this.#snapshot = undefined
    }
    if (!('stepId' in event)) return
    const position = this.#positions.get(event.stepId) ?? -1
    const step = this.#steps[position]
    if (step === undefined) return
    const changed = changedStep(step, event)
    if (changed === step) return
    this.#steps[position] = frozen(changed)
    this.#snapshot = undefined
  }
}

const changedStep = (step: StepState, event: PlaybookEvent): StepState => {
  switch (event.type) {
    case 'step_planned':
      return { ...step, status: 'planned' }
    case 'approval_required':
      return { ...step, status: 'waiting_for_approval' }
    case 'step_started':
      return {
        ...step,
        status: 'running',
        startedAt: step.startedAt ?? event.timestamp,
        attempts: [...step.attempts, startedAttempt(event.executionId, event.timestamp)],
      }
    case 'step_retry':
      return { ...step, status: 'retrying', result: event.result, attempts: endedAttempts(step.attempts, event.result) }
    case 'step_completed':
      return {
        ...step,
        status: 'completed',
        completedAt: event.timestamp,
        durationMs: event.durationMs,
        result: event.result,
        attempts: endedAttempts(step.attempts, event.result),
      }
    case 'step_failed':
      return {
        ...step,
        status: event.cancelled ? 'cancelled' : 'failed',
        completedAt: event.timestamp,
        durationMs: event.durationMs,
        error: event.error,
        result: event.result ?? step.result,
        attempts: event.result ? endedAttempts(step.attempts, event.result) : refusedAttempts(step.attempts),
      }
    case 'step_skipped':
      return { ...step, status: 'skipped', completedAt: event.timestamp, skipReason: event.reason }
    case 'rollback_started':
      return { ...step, rollback: { status: 'running', executionId: event.executionId, error: null } }
    case 'rollback_completed':
      return {
        ...step,
        rollback: { status: event.error ? 'failed' : 'completed', executionId: event.executionId, error: event.error },
      }
    default:
      return step
  }
}

const startedAttempt = (executionId: string, startedAt: string): AttemptState => ({
  executionId,
  status: 'running',
  exitCode: null,
  startedAt,
  durationMs: null,
  logPath: null,
})

/** The engine refused the last one. */
const refusedAttempts = (attempts: readonly AttemptState[]): readonly AttemptState[] =>
  attempts.map((attempt) => (attempt.status === 'running' ? { ...attempt, status: 'failed' } : attempt))

const endedAttempts = (
  attempts: readonly AttemptState[],
  { id, status, exitCode, durationMs, logPath }: NonNullable<StepState['result']>,
): readonly AttemptState[] =>
  attempts.map((attempt) =>
    attempt.executionId === id ? { ...attempt, status, exitCode, durationMs, logPath } : attempt,
  )
