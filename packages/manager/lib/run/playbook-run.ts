/** One run of a playbook as a handle: a promise of its result, its events to iterate, its state to show. */
import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'

import type { ExecutionEngine } from '@escher/execution-engine'
import { Approvals } from './approval.js'
import { fillCommand, planned, type StepCommand } from '../template/command.js'
import { Events } from './event-stream.js'
import { Flow } from './scheduler.js'
import { ALL_ELSE, type Step } from '../playbook/playbook.js'
import type { Prepared } from './prepare.js'
import { RunStates } from './state.js'
import { StepRun, type Surroundings } from './step-run.js'
import type { PlannedStep, PlaybookEvent, PlaybookResult, RunState } from './types.js'
import { StepFailure, textOf } from './values.js'

const DEFAULT_PARALLEL = 4

/**
 * A playbook that runs.
 *
 * @example
 * const run = manager.run(playbook, { parameters: { region: 'eu-central-1' } })
 * for await (const event of run) if (event.type === 'step_output') console.log(event.line)
 * console.log((await run).status)
 */
export class PlaybookRun implements PromiseLike<PlaybookResult>, AsyncIterable<PlaybookEvent> {
  readonly id: string = randomUUID()
  /** Resolves however the run ends; rejects never. */
  readonly result: Promise<PlaybookResult>
  readonly #prepared: Prepared
  readonly #events: Events
  readonly #cancel = new AbortController()
  readonly #force = new AbortController()
  readonly #states: RunStates
  readonly #began = performance.now()
  #hasEnded = false

  /** @internal */
  constructor(engine: ExecutionEngine, prepared: Prepared) {
    const { playbook, options, kept } = prepared
    this.#prepared = prepared
    // Every running step listens: many are no leak.
    setMaxListeners(0, this.#cancel.signal, this.#force.signal)
    const origin = { id: this.id, playbookId: playbook.id }
    this.#states = new RunStates({ ...origin, startedAt: new Date().toISOString() }, playbook.steps, kept)
    this.#events = new Events(
      { runId: this.id, playbookId: playbook.id },
      (event) => this.#states.apply(event),
      options.onEvent,
    )
    this.result = this.#run(engine)
  }

  /** How things stand. The object never changes; ask again for the next. */
  get state(): RunState {
    return this.#states.current
  }

  /**
   * Stops the running steps politely and leaves out the rest; `always` steps still run. A second call, or `force`, stops
   * these too, and at once. True when the run was still going on.
   */
  cancel(options: { force?: boolean } = {}): boolean {
    if (this.#hasEnded) return false
    const isSecond = this.#cancel.signal.aborted
    this.#cancel.abort(new Error('the run was cancelled'))
    this.#events.hurry()
    if (isSecond || options.force === true) this.#force.abort(new Error('the run was cancelled by force'))
    return true
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a handle is awaited like the promise it stands for
  then<Fulfilled = PlaybookResult, Rejected = never>(
    onFulfilled?: ((result: PlaybookResult) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.result.then(onFulfilled, onRejected)
  }

  /**
   * Every event from now on; all of them, when asked for in the same turn as `run()`. A slow loop slows the programs down;
   * leaving the loop lets the run go on.
   */
  [Symbol.asyncIterator](): AsyncIterator<PlaybookEvent, undefined> {
    return this.#events.iterate()
  }

  /** Cancels, and waits for the end, `always` steps included. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#cancel.signal.aborted) this.cancel()
    await this.result
  }

  async #run(engine: ExecutionEngine): Promise<PlaybookResult> {
    const stopFollowing = this.#followSignal()
    // Whoever wants to iterate does so in this turn.
    await Promise.resolve()
    const { playbook, options, kept } = this.#prepared
    this.#events.emit({
      type: 'playbook_started',
      name: playbook.name,
      dryRun: options.dryRun ?? false,
      steps: playbook.steps.map(({ id, name, expectedDurationMs }) => ({
        id,
        name,
        expectedDurationMs,
        isKept: kept.has(id),
      })),
    })
    const around = this.#surroundings(engine)
    const result = options.dryRun === true ? this.#plan(around) : await this.#flow(around)
    stopFollowing()
    this.#hasEnded = true
    this.#events.emit({ type: 'playbook_completed', status: result.status, result })
    this.#events.end()
    return result
  }

  async #flow(around: Surroundings): Promise<PlaybookResult> {
    const { playbook, options } = this.#prepared
    const flow = new Flow(around, {
      maxParallel: options.maxParallel ?? playbook.maxParallel ?? DEFAULT_PARALLEL,
      cancel: this.#cancel.signal,
      force: this.#force.signal,
    })
    await flow.run()
    const { status, error, recordErrors } = flow
    return this.#ended({ status, error, recordErrors, plan: null })
  }

  #plan(around: Surroundings): PlaybookResult {
    const plan = this.#prepared.playbook.steps
      .filter(({ id }) => !this.#prepared.kept.has(id) && !this.#prepared.passedOver.has(id))
      .map((step) => this.#planned(around, step))
    for (const step of plan) this.#events.emit({ type: 'step_planned', stepId: step.id, step })
    return this.#ended({ status: 'completed', error: null, recordErrors: [], plan })
  }

  #planned(around: Surroundings, step: Step): PlannedStep {
    const signal = this.#cancel.signal
    const { riskLevel, needsApproval } = new StepRun(around, step, { signal, halt: signal, force: signal })
    const values = this.#prepared.values.get(step.id) ?? new Map()
    const shown = (command: StepCommand) =>
      planned(
        fillCommand(command, (reference) => {
          try {
            return textOf(reference, values, around.ended)
          } catch (error) {
            // Of a step that has not run.
            if (error instanceof StepFailure) return `{${reference.text}}`
            throw error
          }
        }),
        around.secrets.mask,
      )
    return Object.freeze({
      id: step.id,
      name: step.name,
      command: shown(step.command),
      rollback: step.rollback && shown(step.rollback),
      riskLevel,
      needsApproval,
      when: step.when,
      dependsOn: step.after.filter((id) => id !== ALL_ELSE),
    })
  }

  #surroundings(engine: ExecutionEngine): Surroundings {
    return {
      ...this.#prepared,
      engine,
      runId: this.id,
      events: this.#events,
      approvals: new Approvals(this.#prepared.options.onApproval),
      ended: (id) => this.#states.step(id),
    }
  }

  #ended(ending: Pick<PlaybookResult, 'status' | 'error' | 'recordErrors' | 'plan'>): PlaybookResult {
    const { startedAt, steps } = this.#states.current
    return Object.freeze({
      ...ending,
      runId: this.id,
      playbookId: this.#prepared.playbook.id,
      startedAt,
      completedAt: new Date().toISOString(),
      durationMs: Math.round(performance.now() - this.#began),
      steps,
    })
  }

  #followSignal(): () => void {
    const { signal } = this.#prepared.options
    if (signal === undefined) return () => {}
    const onAbort = (): void => void this.cancel()
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    return () => signal.removeEventListener('abort', onAbort)
  }
}
