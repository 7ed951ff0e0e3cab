/** Asks for approval before a step runs. */
import { unlessAborted } from '@escher/execution-engine/support'

import { riskLevels, type RiskLevel } from '../playbook/schema.js'
import type { Step } from '../playbook/step.js'
import type { FilledCommand, Mask } from '../template/command.js'
import { edited } from './edited-command.js'
import type { PlaybookRunOptions } from './options.js'
import type { ApprovalCallback, ApprovalDecision, ApprovalRequest } from './types.js'
import { StepFailure } from './values.js'

/** A step's own risk level, or the run's default. */
export const riskLevelOf = ({ riskLevel }: Step, { defaultRiskLevel = 'read_only' }: PlaybookRunOptions): RiskLevel =>
  riskLevel ?? defaultRiskLevel

export const needsApproval = (step: Step, options: PlaybookRunOptions): boolean => {
  const { approvalLevel = 'read_only' } = options
  return riskLevels.indexOf(riskLevelOf(step, options)) > riskLevels.indexOf(approvalLevel)
}

const invalid = (message: string): StepFailure => new StepFailure('APPROVAL_MISSING', message)

/** The approval requests of one run. One at a time, because a person reads and answers one. */
export class Approvals {
  readonly #ask: ApprovalCallback | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(ask: ApprovalCallback | undefined) {
    this.#ask = ask
  }

  /**
   * The command that may run, original or edited. `onAsk` is called when its turn comes.
   *
   * @throws StepFailure if none may
   */
  async approved(
    request: ApprovalRequest,
    filled: FilledCommand,
    mask: Mask,
    onAsk: () => void,
  ): Promise<FilledCommand> {
    const ask = this.#ask
    if (ask === undefined) {
      throw invalid(`it is ${request.riskLevel}, which needs approval, and the run has no onApproval to ask`)
    }
    const turn = this.#last.then(async () => {
      request.signal.throwIfAborted()
      onAsk()
      return unlessAborted(() => ask(request), request.signal).catch((error: unknown) => {
        if (request.signal.aborted) throw error
        throw invalid(`onApproval failed: ${mask(String(error))}`)
      })
    })
    this.#last = turn.catch(() => {})
    return decided(await turn, filled, mask)
  }
}

const decided = (decision: ApprovalDecision, filled: FilledCommand, mask: Mask): FilledCommand => {
  switch (decision?.decision) {
    case 'approve':
      return decision.command === undefined ? filled : edited(decision.command, filled, mask)
    case 'reject': {
      const reason = decision.reason ? `: ${decision.reason}` : ''
      throw new StepFailure('APPROVAL_REJECTED', `it was rejected${reason}`)
    }
    default:
      throw invalid('the answer of onApproval is neither `approve` nor `reject`')
  }
}
