/** What a dry run reports about a step. */
import { ALL_ELSE } from '../playbook/order.js'
import type { Step } from '../playbook/step.js'
import { fillCommand, type PlannedCommand, planned, type StepCommand } from '../template/command.js'
import type { Reference } from '../template/template.js'
import { needsApproval, riskLevelOf } from './approval.js'
import type { RunContext } from './context.js'
import type { PlannedStep } from './types.js'
import { StepFailure, textOf } from './values.js'

/** The steps that would run, in the playbook's order. */
export const planOf = (context: RunContext): PlannedStep[] =>
  context.playbook.steps
    .filter(({ id }) => !context.kept.has(id) && !context.passedOver.has(id))
    .map((step) => plannedStep(context, step))

const plannedStep = (context: RunContext, step: Step): PlannedStep => {
  const { options, secrets } = context
  const shown = (command: StepCommand): PlannedCommand =>
    planned(
      fillCommand(command, (reference) => valueOrPlaceholder(context, step, reference)),
      secrets.mask,
    )
  return Object.freeze({
    id: step.id,
    name: step.name,
    command: shown(step.command),
    rollback: step.rollback && shown(step.rollback),
    riskLevel: riskLevelOf(step, options),
    needsApproval: needsApproval(step, options),
    when: step.when,
    dependsOn: step.after.filter((id) => id !== ALL_ELSE),
  })
}

/** The value of a step that has not run is still unknown. */
const valueOrPlaceholder = ({ values, ended }: RunContext, { id }: Step, reference: Reference): string => {
  try {
    return textOf(reference, values.get(id) ?? new Map(), ended)
  } catch (error) {
    if (error instanceof StepFailure) return `{${reference.text}}`
    throw error
  }
}
