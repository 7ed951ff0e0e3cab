/** One step of a run, from its condition to its last attempt. */
import { delay } from '@escher/execution-engine/support'

import type { Step } from '../playbook/step.js'
import { type FilledCommand, planned, typedCommand, writtenCommand } from '../template/command.js'
import { holds } from '../template/condition.js'
import { needsApproval, riskLevelOf } from './approval.js'
import type { RunContext, StopSignals } from './context.js'
import { type StepEnding, type StepOutcome, timed } from './outcome.js'
import { retryDelayMs, retryReason } from './retry.js'
import { CANCELLED, StepExecutor } from './step-executor.js'
import { conditionValue, StepFailure } from './values.js'

export class StepRun {
  readonly #context: RunContext
  readonly #step: Step
  readonly #stop: StopSignals
  readonly #executor: StepExecutor

  constructor(context: RunContext, step: Step, stop: StopSignals) {
    this.#context = context
    this.#step = step
    this.#stop = stop
    this.#executor = new StepExecutor(context, step, stop)
  }

  /** Never throws. */
  run(): Promise<StepOutcome> {
    return timed((onCommand) => this.#run(onCommand))
  }

  async #run(onCommand: (filled: FilledCommand) => void): Promise<StepEnding> {
    const { halt } = this.#stop
    try {
      const reason = this.#skipReason()
      if (reason !== undefined) return { kind: 'skipped', reason }
      const filled = await this.#approved(this.#executor.filled(this.#step.command))
      halt.throwIfAborted()
      onCommand(filled)
      return await this.#attempts(filled)
    } catch (error) {
      // Another step failed while this one waited for approval.
      if (error === halt.reason) return { kind: 'skipped', reason: String(error) }
      return this.#executor.endingOfError(error)
    }
  }

  /** Why the step does not run; `undefined` if it does. @throws StepFailure if that cannot be decided */
  #skipReason(): string | undefined {
    const { condition, when } = this.#step
    if (condition === null) return undefined
    const { values } = this.#executor
    try {
      const isWanted = holds(condition, (reference) => conditionValue(reference, values, this.#context.ended))
      return isWanted ? undefined : `its condition does not hold: ${when}`
    } catch (error) {
      if (error instanceof StepFailure) throw error
      throw new StepFailure('CONDITION_FAILED', `its condition cannot be decided: ${(error as Error).message}`)
    }
  }

  /** The command that may run, original or edited. @throws StepFailure if none may */
  async #approved(filled: FilledCommand): Promise<FilledCommand> {
    const { approvals, secrets, events, runId, playbook, options } = this.#context
    if (!needsApproval(this.#step, options)) return filled
    const { id, name, rollback } = this.#step
    const command = planned(filled, secrets.mask)
    const request = Object.freeze({
      runId,
      playbookId: playbook.id,
      stepId: id,
      name,
      riskLevel: riskLevelOf(this.#step, options),
      command,
      commandLine: typedCommand(command),
      rollback: rollback && writtenCommand(rollback),
      signal: AbortSignal.any([this.#stop.cancel, this.#stop.halt]),
    })
    const onAsk = (): void => events.emit({ type: 'approval_required', stepId: id, request })
    return approvals.approved(request, filled, secrets.mask, onAsk)
  }

  /** Runs the command, and again if that may help. */
  async #attempts(filled: FilledCommand): Promise<StepEnding> {
    const { events, secrets } = this.#context
    const { cancel } = this.#stop
    const { id: stepId, name, retry } = this.#step
    const { attempts: maxAttempts } = retry
    for (let attempt = 1; ; attempt += 1) {
      const result = await this.#executor.execute(filled, attempt, (executionId) => {
        const command = planned(filled, secrets.mask)
        const commandLine = typedCommand(command)
        events.emit({ type: 'step_started', stepId, name, attempt, command, commandLine, executionId })
      })
      const isLast = attempt >= maxAttempts || cancel.aborted
      const reason = isLast ? undefined : retryReason(retry, result)
      if (reason === undefined) return this.#executor.endingOf(result)
      const delayMs = retryDelayMs(retry, attempt)
      const shown = secrets.mask(reason)
      events.emit({ type: 'step_retry', stepId, attempt, maxAttempts, delayMs, reason: shown, result })
      await delay(delayMs, undefined, { signal: cancel }).catch(() => {})
      if (cancel.aborted) return { kind: 'cancelled', error: CANCELLED, result }
    }
  }
}
