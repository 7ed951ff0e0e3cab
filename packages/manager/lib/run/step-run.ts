/** One step of a run: whether it runs, what exactly, who is asked, and its attempts. */
import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'

import type { ExecutionEngine } from '@escher/execution-engine'
import { ExecutionEngineError } from '@escher/execution-engine'
import type { Execution, RunOptions } from '@escher/execution-engine'
import type { ExecutionResult } from '@escher/execution-engine'
import { type Approvals, isAbove } from './approval.js'
import { fillCommand, type FilledCommand, planned, shownCommand, type StepCommand } from '../template/command.js'
import type { Credentials } from '../adapters/environment-credentials.js'
import type { Events } from './event-stream.js'
import type { Values } from '../playbook/parameters.js'
import type { Step } from '../playbook/playbook.js'
import type { Prepared } from './prepare.js'
import { retryDelayMs, retryReason } from './retry.js'
import { parameterVariable } from '../template/shell-script.js'
import { fill, type Reference, type Template } from '../template/template.js'
import type { RiskLevel } from '../playbook/schema.js'
import type { StepError } from './types.js'
import { unlessAborted } from './unless-aborted.js'
import { conditionValue, type EndedSteps, StepFailure, textOf } from './values.js'
import { holds } from '../template/condition.js'

/** What the steps of a run share. */
export interface Surroundings extends Prepared {
  readonly engine: ExecutionEngine
  readonly runId: string
  readonly events: Events
  readonly approvals: Approvals
  readonly ended: EndedSteps
}

/** How a step of a run ended. */
export type StepEnding =
  | { readonly kind: 'completed'; readonly result: ExecutionResult }
  | { readonly kind: 'failed' | 'cancelled'; readonly error: StepError; readonly result: ExecutionResult | null }
  | { readonly kind: 'skipped'; readonly reason: string }

/** When a step is to stop: politely, and by force. */
export interface Stop {
  readonly signal: AbortSignal
  /** Another step has failed: this one is not to begin any more. Its reason says why. */
  readonly halt: AbortSignal
  readonly force: AbortSignal
}

/** Of a step that no other's failure keeps from running. */
export const NEVER: AbortSignal = new AbortController().signal
setMaxListeners(0, NEVER)

/** Commands as they are written, with their placeholders. */
export const written = (command: StepCommand): string =>
  shownCommand(
    planned(
      fillCommand(command, ({ text }) => `{${text}}`),
      (text) => text,
    ),
  )

const NO_VALUES: Values = new Map()
const CANCELLED: StepError = Object.freeze({ code: 'CANCELLED', message: 'the run was cancelled' })

export class StepRun {
  readonly #around: Surroundings
  readonly #step: Step
  readonly #values: Values
  readonly #signal: AbortSignal
  readonly #halt: AbortSignal
  readonly #force: AbortSignal

  constructor(around: Surroundings, step: Step, { signal, halt, force }: Stop) {
    this.#around = around
    this.#step = step
    this.#values = around.values.get(step.id) ?? NO_VALUES
    this.#signal = signal
    this.#halt = halt
    this.#force = force
  }

  /** From its condition to its last attempt. Never throws. */
  async run(onCommand: (filled: FilledCommand) => void): Promise<StepEnding> {
    try {
      const reason = this.skipReason()
      if (reason !== undefined) return { kind: 'skipped', reason }
      const filled = await this.#approved(this.filled())
      this.#halt.throwIfAborted()
      onCommand(filled)
      return await this.#attempts(filled)
    } catch (error) {
      // Nobody is asked any more whether it may begin.
      return error === this.#halt.reason ? { kind: 'skipped', reason: String(error) } : this.failed(error)
    }
  }

  ending(result: ExecutionResult): StepEnding {
    if (result.status === 'completed') return { kind: 'completed', result }
    const { code = 'INTERNAL', message = '' } = result.error ?? {}
    // Somebody may have cancelled this execution alone: then the step did not do its work.
    const kind = code === 'CANCELLED' && this.#signal.aborted ? 'cancelled' : 'failed'
    return { kind, error: { code, message }, result }
  }

  failed(error: unknown): StepEnding {
    if (error instanceof StepFailure) return { kind: 'failed', error: error.error, result: null }
    if (this.#signal.aborted) return { kind: 'cancelled', error: CANCELLED, result: null }
    const message = this.#around.secrets.mask(error instanceof Error ? error.message : String(error))
    return {
      kind: 'failed',
      error: { code: error instanceof ExecutionEngineError ? 'REQUEST_REFUSED' : 'INTERNAL', message },
      result: null,
    }
  }

  get riskLevel(): RiskLevel {
    return this.#step.riskLevel ?? this.#around.options.defaultRiskLevel ?? 'read_only'
  }

  get needsApproval(): boolean {
    return isAbove(this.riskLevel, this.#around.options.approvalLevel ?? 'read_only')
  }

  /** Why it is not to run; nothing when it is. @throws StepFailure */
  skipReason(): string | undefined {
    const { condition, when } = this.#step
    if (condition === null) return undefined
    try {
      const isWanted = holds(condition, (reference) => conditionValue(reference, this.#values, this.#around.ended))
      return isWanted ? undefined : `its condition does not hold: ${when}`
    } catch (error) {
      if (error instanceof StepFailure) throw error
      throw new StepFailure('CONDITION_FAILED', `its condition cannot be decided: ${(error as Error).message}`)
    }
  }

  /** The command with its values. @throws StepFailure */
  filled(command: StepCommand = this.#step.command): FilledCommand {
    return fillCommand(command, this.#text)
  }

  /** Asks, where it must. @throws StepFailure when it may not run */
  async #approved(filled: FilledCommand): Promise<FilledCommand> {
    if (!this.needsApproval) return filled
    const { approvals, secrets, events, runId, playbook } = this.#around
    const { id, name, rollback } = this.#step
    const command = planned(filled, secrets.mask)
    const request = Object.freeze({
      runId,
      playbookId: playbook.id,
      stepId: id,
      name,
      riskLevel: this.riskLevel,
      command,
      commandLine: shownCommand(command),
      rollback: rollback && written(rollback),
      signal: AbortSignal.any([this.#signal, this.#halt]),
    })
    const onAsked = (): void => events.emit({ type: 'approval_required', stepId: id, request })
    return approvals.approved(request, filled, secrets.mask, onAsked)
  }

  /** Runs it, again where that may help. */
  async #attempts(filled: FilledCommand): Promise<StepEnding> {
    const { events, secrets } = this.#around
    const { id, name, retry } = this.#step
    for (let attempt = 1; ; attempt += 1) {
      const result = await this.execute(filled, attempt, (executionId) => {
        const command = planned(filled, secrets.mask)
        const commandLine = shownCommand(command)
        events.emit({ type: 'step_started', stepId: id, name, attempt, command, commandLine, executionId })
      })
      const reason = attempt < retry.attempts && !this.#signal.aborted ? retryReason(retry, result) : undefined
      if (reason === undefined) return this.ending(result)
      const delayMs = retryDelayMs(retry, attempt)
      const maxAttempts = retry.attempts
      events.emit({
        type: 'step_retry',
        stepId: id,
        attempt,
        maxAttempts,
        delayMs,
        reason: secrets.mask(reason),
        result,
      })
      await pause(delayMs, undefined, { signal: this.#signal }).catch(() => {})
      if (this.#signal.aborted) return { kind: 'cancelled', error: CANCELLED, result }
    }
  }

  /** One execution. @throws StepFailure when it could not be asked for */
  async execute(
    filled: FilledCommand,
    attempt: number,
    onStart: (executionId: string) => void,
  ): Promise<ExecutionResult> {
    const credentials = await this.#credentials(attempt)
    this.#signal.throwIfAborted()
    const execution = this.#around.engine.run(filled.command, this.#conditions(filled, attempt, credentials))
    const { id } = execution
    // A second cancel is for force; the first is the execution's own, by its signal.
    const onForce = (): void => void this.#around.engine.cancel(id).catch(() => {})
    this.#force.addEventListener('abort', onForce, { once: true })
    try {
      onStart(id)
      if (this.#around.events.areWatched) await this.#output(execution)
      return await execution
    } finally {
      this.#force.removeEventListener('abort', onForce)
    }
  }

  async #output(execution: Execution): Promise<void> {
    const { events } = this.#around
    const origin = { type: 'step_output', stepId: this.#step.id, executionId: execution.id } as const
    for await (const { stream, text: line, partial } of execution) {
      await events.emitSlowly({ ...origin, stream, line, partial })
    }
  }

  #conditions(filled: FilledCommand, attempt: number, credentials: Credentials): RunOptions {
    const { options, playbook, runId, secrets } = this.#around
    const { id, env, workingDir, stdin, timeoutMs } = this.#step
    const own = [...env].map(([name, value]) => [name, value === null ? null : this.#fill(value)] as const)
    const folder = workingDir === null ? options.workingDir : this.#fill(workingDir)
    return {
      env: {
        ...filled.env,
        ...options.env,
        ...(filled.command.type === 'shell' ? this.#parameterVariables() : {}),
        ...Object.fromEntries(own),
        ...credentials.plain,
        ...credentials.secrets,
        ...filled.variables,
      },
      secrets: secrets.list,
      signal: this.#signal,
      ...(folder === undefined ? {} : { workingDir: folder }),
      ...(timeoutMs === null ? {} : { timeoutMs }),
      // As bytes: the text `pipe` would mean something else.
      ...(stdin === null ? {} : { stdin: Buffer.from(this.#fill(stdin)) }),
      metadata: {
        source: 'playbook',
        ...(options.conversationId === undefined ? {} : { conversationId: options.conversationId }),
        tags: { playbook_id: playbook.id, run_id: runId, step_id: id, attempt: String(attempt) },
      },
    }
  }

  #parameterVariables(): Record<string, string> {
    return Object.fromEntries([...this.#values].map(([name, value]) => [parameterVariable(name), String(value)]))
  }

  async #credentials(attempt: number): Promise<Credentials> {
    const { options, playbook, runId, secrets } = this.#around
    const provider = options.credentials
    if (provider === undefined) return { secrets: {} }
    try {
      const request = { runId, playbookId: playbook.id, stepId: this.#step.id, attempt, signal: this.#signal }
      const credentials = await unlessAborted(() => provider.credentials(request), this.#signal)
      for (const [name, value] of Object.entries(credentials.secrets)) secrets.add(name, value)
      return credentials
    } catch (error) {
      this.#signal.throwIfAborted()
      throw new StepFailure(
        'CREDENTIALS_FAILED',
        `there are no credentials for it: ${secrets.mask((error as Error).message)}`,
      )
    }
  }

  #fill(template: Template): string {
    return fill(template, this.#text)
  }

  readonly #text = (reference: Reference): string => textOf(reference, this.#values, this.#around.ended)
}
