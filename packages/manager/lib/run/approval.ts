/** Asking somebody whether a step may run. */
import { commandLine, splitWords } from '../template/shell-words.js'
import { execCommand, type FilledCommand, planned, shellCommand, shownCommand, wordsOf } from '../template/command.js'
import { riskLevels, type RiskLevel } from '../playbook/schema.js'
import { MASK } from './secrets.js'
import type { ApprovalCallback, ApprovalDecision, ApprovalRequest } from './types.js'
import { unlessAborted } from './unless-aborted.js'
import { StepFailure } from './values.js'

export const isAbove = (risk: RiskLevel, level: RiskLevel): boolean =>
  riskLevels.indexOf(risk) > riskLevels.indexOf(level)

const invalid = (message: string): StepFailure => new StepFailure('APPROVAL_MISSING', message)

/** One question at a time: a person reads one, and answers one. */
export class Approvals {
  readonly #ask: ApprovalCallback | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(ask: ApprovalCallback | undefined) {
    this.#ask = ask
  }

  /**
   * The command that may run, as it was or as it was edited. `onAsked`: it is this one's turn.
   *
   * @throws StepFailure when it may not.
   */
  async approved(
    request: ApprovalRequest,
    filled: FilledCommand,
    mask: (text: string) => string,
    onAsked: () => void,
  ): Promise<FilledCommand> {
    const ask = this.#ask
    if (ask === undefined) {
      throw invalid(`it is ${request.riskLevel}, which somebody must approve, and the run has no onApproval to ask`)
    }
    const turn = this.#last.then(async () => {
      request.signal.throwIfAborted()
      onAsked()
      return unlessAborted(() => ask(request), request.signal).catch((error: unknown) => {
        if (request.signal.aborted) throw error
        throw invalid(`onApproval failed: ${mask(String(error))}`)
      })
    })
    this.#last = turn.catch(() => {})
    return decided(await turn, filled, mask)
  }
}

const decided = (decision: ApprovalDecision, filled: FilledCommand, mask: (text: string) => string): FilledCommand => {
  if (decision?.decision === 'approve') {
    return decision.command === undefined ? filled : edited(decision.command, filled, mask)
  }
  if (decision?.decision !== 'reject') throw invalid('the answer of onApproval is neither `approve` nor `reject`')
  throw new StepFailure(
    'APPROVAL_REJECTED',
    decision.reason ? `it was rejected: ${decision.reason}` : 'it was rejected',
  )
}

const noMask = (text: string): string => {
  if (text.includes(MASK))
    throw invalid(`the edited command holds ${MASK}, where a secret was masked: leave that word as it is`)
  return text
}

/** What was edited. A word in which a secret was masked stands for itself again, when it was left as it was. */
const edited = (
  command: string | readonly string[],
  filled: FilledCommand,
  mask: (text: string) => string,
): FilledCommand => {
  const shown = shownCommand(planned(filled, mask))
  if (command === shown) return filled
  if (filled.command.type === 'shell') {
    if (typeof command !== 'string') throw invalid('the edited command of a shell step must be a text')
    return shellCommand(noMask(command), filled.variables)
  }
  const words = typeof command === 'string' ? splitWords(command) : command
  if (!Array.isArray(words)) {
    const { message, hint } = words as { message: string; hint: string }
    throw invalid(`the edited command cannot be understood: ${message}; ${hint}`)
  }
  const masked = new Map(wordsOf(filled.command).map((word) => [mask(word), word]))
  const whole = (words as readonly string[]).map((word) => masked.get(word) ?? noMask(word))
  if (!whole[0]) throw invalid(`the edited command names no program: ${commandLine(whole)}`)
  return execCommand(whole)
}
