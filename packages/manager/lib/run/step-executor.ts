/** Runs the commands of one step through the engine: with its values, its environment and its credentials. */
import {
  type Execution,
  ExecutionEngineError,
  ExecutionError,
  type ExecutionResult,
  type RunOptions,
} from '@escher/execution-engine'
import { onAbort, unlessAborted } from '@escher/execution-engine/support'

import type { Values } from '../playbook/parameters.js'
import type { Step } from '../playbook/step.js'
import { fillCommand, type FilledCommand, type StepCommand } from '../template/command.js'
import { parameterVariable } from '../template/shell-script.js'
import { fill, type Reference, type Template } from '../template/template.js'
import type { RunContext, StopSignals } from './context.js'
import type { Credentials } from './credentials.js'
import type { StepEnding } from './outcome.js'
import type { StepError } from './types.js'
import { StepFailure, textOf } from './values.js'

const NO_VALUES: Values = new Map()

export const CANCELLED: StepError = Object.freeze({ code: 'CANCELLED', message: 'the run was cancelled' })

export class StepExecutor {
  /** The parameters visible to the step. */
  readonly values: Values
  readonly #context: RunContext
  readonly #step: Step
  readonly #stop: StopSignals

  constructor(context: RunContext, step: Step, stop: StopSignals) {
    this.values = context.values.get(step.id) ?? NO_VALUES
    this.#context = context
    this.#step = step
    this.#stop = stop
  }

  /** A command of the step with its values. @throws StepFailure if a value is missing */
  filled(command: StepCommand): FilledCommand {
    return fillCommand(command, this.#textOf)
  }

  /** Runs a command once. @throws StepFailure, or the engine's refusal */
  async execute(
    filled: FilledCommand,
    attempt: number,
    onStart: (executionId: string) => void,
  ): Promise<ExecutionResult> {
    const { engine, events } = this.#context
    const { cancel, force } = this.#stop
    const credentials = await this.#credentials(attempt)
    cancel.throwIfAborted()
    const execution = engine.run(filled.command, this.#options(filled, attempt, credentials))
    // The first cancel reaches the execution by its own signal; a second one skips the grace period.
    const stopFollowing = onAbort(force, () => void engine.cancel(execution.id).catch(() => {}))
    try {
      onStart(execution.id)
      if (events.hasSubscribers) await this.#emitOutput(execution)
      return await execution
    } finally {
      stopFollowing()
    }
  }

  /** How a step with this result ends. */
  endingOf(result: ExecutionResult): StepEnding {
    if (result.status === 'completed') return { kind: 'completed', result }
    const { code = 'INTERNAL', message = '' } = result.error ?? {}
    // If only this execution was cancelled, the step has not done its work.
    const kind = code === 'CANCELLED' && this.#stop.cancel.aborted ? 'cancelled' : 'failed'
    return { kind, error: { code, message }, result }
  }

  /** How a step that threw ends. */
  endingOfError(error: unknown): StepEnding {
    if (error instanceof StepFailure) return { kind: 'failed', error: error.error, result: null }
    if (this.#stop.cancel.aborted) return { kind: 'cancelled', error: CANCELLED, result: null }
    const code = error instanceof ExecutionEngineError ? 'REQUEST_REFUSED' : 'INTERNAL'
    const message = this.#context.secrets.mask(error instanceof Error ? error.message : String(error))
    return { kind: 'failed', error: { code, message }, result: null }
  }

  async #credentials(attempt: number): Promise<Credentials> {
    const { options, playbook, runId, secrets } = this.#context
    const { cancel: signal } = this.#stop
    const provider = options.credentials
    if (provider === undefined) return { secrets: {} }
    try {
      const request = { runId, playbookId: playbook.id, stepId: this.#step.id, attempt, signal }
      const credentials = await unlessAborted(() => provider.credentials(request), signal)
      for (const [name, value] of Object.entries(credentials.secrets)) secrets.add(name, value)
      return credentials
    } catch (error) {
      signal.throwIfAborted()
      const reason = secrets.mask((error as Error).message)
      throw new StepFailure('CREDENTIALS_FAILED', `there are no credentials for it: ${reason}`)
    }
  }

  #options(filled: FilledCommand, attempt: number, credentials: Credentials): RunOptions {
    const { options, playbook, runId, secrets } = this.#context
    const { id, workingDir, stdin, timeoutMs } = this.#step
    const directory = workingDir === null ? options.workingDir : this.#fill(workingDir)
    return {
      env: this.#environment(filled, credentials),
      secrets: secrets.values,
      signal: this.#stop.cancel,
      ...(directory === undefined ? {} : { workingDir: directory }),
      ...(timeoutMs === null ? {} : { timeoutMs }),
      ...(stdin === null ? {} : { stdin: { text: this.#fill(stdin) } }),
      metadata: {
        source: 'playbook',
        ...(options.conversationId === undefined ? {} : { conversationId: options.conversationId }),
        tags: { playbook_id: playbook.id, run_id: runId, step_id: id, attempt: String(attempt) },
      },
    }
  }

  /** From weakest to strongest. */
  #environment(
    { command, env, variables }: FilledCommand,
    { plain, secrets }: Credentials,
  ): NonNullable<RunOptions['env']> {
    const parameters = command.type === 'shell' ? [...this.values] : []
    const own = [...this.#step.env]
    return {
      ...env,
      ...this.#context.options.env,
      ...Object.fromEntries(parameters.map(([name, value]) => [parameterVariable(name), String(value)])),
      ...Object.fromEntries(own.map(([name, value]) => [name, value === null ? null : this.#fill(value)])),
      ...plain,
      ...secrets,
      ...variables,
    }
  }

  async #emitOutput(execution: Execution): Promise<void> {
    const origin = { type: 'step_output', stepId: this.#step.id, executionId: execution.id } as const
    try {
      for await (const { stream, text: line, partial } of execution) {
        await this.#context.events.emitWithBackpressure({ ...origin, stream, line, partial })
      }
    } catch (error) {
      // The result says so, too.
      if (!(error instanceof ExecutionError)) throw error
    }
  }

  #fill(template: Template): string {
    return fill(template, this.#textOf)
  }

  readonly #textOf = (reference: Reference): string => textOf(reference, this.values, this.#context.ended)
}
