/** Which steps of an earlier run a resumed run keeps. */
import { withFollowers } from '../playbook/graph.js'
import { graphNodes } from '../playbook/order.js'
import type { Playbook } from '../playbook/playbook.js'
import type { Findings } from '../playbook/problems.js'
import type { Step } from '../playbook/step.js'
import { nameHint } from '../template/hints.js'
import type { PlaybookRunOptions } from './options.js'
import { endedStatuses, type RunState, type StepState } from './types.js'

/** Steps that a run does not touch. */
export interface Resumed {
  /** Steps that keep their outcome of the earlier run. */
  readonly kept: ReadonlyMap<string, StepState>
  /** Steps before the starting one, of which nothing is known. */
  readonly passedOver: ReadonlySet<string>
}

/** Every step runs. */
export const ALL_STEPS: Resumed = { kept: new Map(), passedOver: new Set() }

/** Which steps a run that starts at `from` does not touch. */
export const resume = (playbook: Playbook, from: PlaybookRunOptions['resumeFrom'], findings: Findings): Resumed => {
  if (from === undefined) return ALL_STEPS
  const id = String(from.step)
  const ids = playbook.steps.map((step) => step.id)
  if (!ids.includes(id)) {
    findings.add(['resumeFrom', 'step'], `there is no step \`${id}\``, nameHint(id, ids))
    return ALL_STEPS
  }
  const again = withFollowers([id], graphNodes(playbook.steps))
  const before = playbook.steps.filter((step) => !again.has(step.id))
  if (from.state === undefined) return { kept: new Map(), passedOver: new Set(before.map((step) => step.id)) }
  const earlier = earlierSteps(playbook, from.state, findings)
  const kept = new Map<string, StepState>()
  const passedOver = new Set<string>()
  for (const step of before) {
    const state = earlier.get(step.id)
    if (state && staysEnded(state, step, playbook.isGraph)) kept.set(step.id, state)
    else if (!playbook.isGraph) passedOver.add(step.id)
  }
  return { kept, passedOver }
}

/**
 * In a sequence, starting at a step settles every earlier step. In a graph, a skipped or cancelled step may never have
 * had its turn, and runs now.
 */
const staysEnded = ({ status }: StepState, { continueOnError }: Step, isGraph: boolean): boolean =>
  isGraph
    ? status === 'completed' || (status === 'failed' && continueOnError)
    : endedStatuses.some((ended) => ended === status)

const earlierSteps = (playbook: Playbook, state: RunState, findings: Findings): Map<string, StepState> => {
  const path = ['resumeFrom', 'state']
  if (!Array.isArray(state?.steps)) {
    findings.add(path, 'it is not the state of a run', 'give `run.state` of the earlier run')
    return new Map()
  }
  if (state.playbookId !== playbook.id) {
    findings.add(path, `it is of the playbook \`${state.playbookId}\``, `this one is \`${playbook.id}\``)
  }
  return new Map(state.steps.map((step) => [step.id, step]))
}
