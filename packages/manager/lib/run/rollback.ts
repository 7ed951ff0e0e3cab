/** Undoes completed steps, last first. */
import type { Step } from '../playbook/step.js'
import { planned, type StepCommand, typedCommand } from '../template/command.js'
import { byForceOnly, type RunContext } from './context.js'
import { timed } from './outcome.js'
import { StepExecutor } from './step-executor.js'

/** Undoes these steps in reverse order. If one cannot be undone, the others still are. Never throws. */
export const rollBack = async (context: RunContext, completed: readonly Step[], force: AbortSignal): Promise<void> => {
  for (const step of completed.toReversed()) {
    if (step.rollback === null || force.aborted) continue
    await undo(context, step, step.rollback, force)
  }
}

const undo = async (context: RunContext, step: Step, rollback: StepCommand, force: AbortSignal): Promise<void> => {
  const { events, secrets, audit } = context
  const executor = new StepExecutor(context, step, byForceOnly(force))
  const stepId = step.id
  let executionId: string | null = null
  const outcome = await timed(async (onCommand) => {
    try {
      const filled = executor.filled(rollback)
      onCommand(filled)
      const result = await executor.execute(filled, 1, (id) => {
        executionId = id
        const command = planned(filled, secrets.mask)
        const commandLine = typedCommand(command)
        events.emit({ type: 'rollback_started', stepId, command, commandLine, executionId: id })
      })
      return executor.endingOf(result)
    } catch (error) {
      return executor.endingOfError(error)
    }
  })
  const { ending } = outcome
  if (ending.kind === 'skipped') return
  const error = ending.kind === 'completed' ? null : ending.error
  events.emit({ type: 'rollback_completed', stepId, executionId, error, result: ending.result })
  await audit.record(step, rollback, outcome)
}
