/** Decides which step runs when: graph, limit, failures and cancels, cleanup and rollback. */
import { setMaxListeners } from 'node:events'

import { followers } from '../playbook/graph.js'
import { graphNodes } from '../playbook/order.js'
import type { Step } from '../playbook/step.js'
import { byForceOnly, type RunContext, type StopSignals } from './context.js'
import { skipped, type StepOutcome } from './outcome.js'
import { rollBack } from './rollback.js'
import { StepRun } from './step-run.js'
import type { PlaybookResult, StepError } from './types.js'

/** Why no more ordinary steps start. */
type Halt =
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly stepId: string; readonly error: StepError }

export interface SchedulerOptions {
  readonly maxParallel: number
  /** Stops ordinary steps, gracefully. */
  readonly cancel: AbortSignal
  /** Stops all steps, without the grace period. */
  readonly force: AbortSignal
}

const failureOf = (stepId: string): string => `step \`${stepId}\` failed`

/** Runs the steps of one run. */
export class Scheduler {
  readonly #context: RunContext
  readonly #options: SchedulerOptions
  readonly #steps: ReadonlyMap<string, Step>
  readonly #positions: ReadonlyMap<string, number>
  readonly #followers: ReadonlyMap<string, string[]>
  /** How many steps each step still waits for. */
  readonly #waiting: Map<string, number>
  /** Steps that could start, in the playbook's order. */
  readonly #ready: string[] = []
  /** Cleanup that waits for the rollback. */
  readonly #held: string[] = []
  /** Completed in this run, in the order of their ends. */
  readonly #completed: Step[] = []
  #running = 0
  /** Whichever came first: a failure or a cancel. */
  #halt: Halt | undefined
  readonly #failed = new AbortController()
  #hasRolledBack = false
  #wake: () => void = () => {}

  constructor(context: RunContext, options: SchedulerOptions) {
    this.#context = context
    this.#options = options
    setMaxListeners(0, this.#failed.signal)
    const { steps } = context.playbook
    const nodes = graphNodes(steps)
    this.#steps = new Map(steps.map((step) => [step.id, step]))
    this.#positions = new Map(nodes.map(({ id }, index) => [id, index]))
    this.#followers = followers(nodes)
    this.#waiting = new Map(nodes.map(({ id, after }) => [id, after.length]))
    this.#ready.push(...nodes.filter(({ after }) => after.length === 0).map(({ id }) => id))
  }

  /** Resolves when every step has ended. Never throws. */
  async run(): Promise<Pick<PlaybookResult, 'status' | 'error'>> {
    do {
      this.#startReady()
      while (this.#running > 0) {
        await this.#stepEnds()
        this.#startReady()
      }
      if (this.#needsRollback) await this.#rollBack()
      this.#ready.push(...this.#held.splice(0))
    } while (this.#ready.length > 0)
    const halt = this.#halt
    return {
      status: halt?.kind ?? 'completed',
      error: halt?.kind === 'failed' ? { ...halt.error, stepId: halt.stepId } : null,
    }
  }

  /** Starts or skips what is ready. At the limit everything waits, except steps that are only skipped. */
  #startReady(): void {
    const later: string[] = []
    while (this.#ready.length > 0 && (this.#hasSlot || this.#isHalting)) {
      const id = this.#ready.shift() as string
      const step = this.#steps.get(id)
      // Not a step, but the node that stands for all of them.
      if (step === undefined || this.#context.kept.has(id)) this.#settle(id)
      else if (this.#context.passedOver.has(id)) this.#skip(step, 'it comes before the step to begin with')
      else this.#startOrSkip(step, later)
    }
    this.#ready.push(...later)
  }

  #startOrSkip(step: Step, later: string[]): void {
    if (this.#options.cancel.aborted) this.#halt ??= { kind: 'cancelled' }
    const halt = this.#halt
    if (halt !== undefined && (!step.always || this.#options.force.aborted)) {
      this.#skip(step, halt.kind === 'cancelled' ? 'the run was cancelled' : failureOf(halt.stepId))
    } else if (this.#needsRollback) {
      this.#held.push(step.id)
    } else if (this.#hasSlot) {
      void this.#start(step)
    } else {
      later.push(step.id)
    }
  }

  get #hasSlot(): boolean {
    return this.#running < this.#options.maxParallel
  }

  get #isHalting(): boolean {
    return this.#halt !== undefined || this.#options.cancel.aborted
  }

  async #start(step: Step): Promise<void> {
    this.#running += 1
    const { cancel, force } = this.#options
    const stop: StopSignals = step.always ? byForceOnly(force) : { cancel, halt: this.#failed.signal, force }
    await this.#conclude(step, await new StepRun(this.#context, step, stop).run())
  }

  #skip(step: Step, reason: string): void {
    this.#running += 1
    void this.#conclude(step, skipped(reason))
  }

  /** Announces and records how a step ended, and releases its followers. */
  async #conclude(step: Step, outcome: StepOutcome): Promise<void> {
    this.#emitEnd(step, outcome)
    await this.#context.audit.record(step, step.command, outcome)
    this.#running -= 1
    this.#settle(step.id)
    this.#wake()
  }

  #emitEnd(step: Step, { ending, durationMs }: StepOutcome): void {
    const { events } = this.#context
    const { id: stepId, name } = step
    if (ending.kind === 'skipped') {
      events.emit({ type: 'step_skipped', stepId, name, reason: ending.reason })
    } else if (ending.kind === 'completed') {
      this.#completed.push(step)
      events.emit({ type: 'step_completed', stepId, name, durationMs, result: ending.result })
    } else {
      const { error, result } = ending
      const cancelled = ending.kind === 'cancelled'
      const continued = !cancelled && step.continueOnError
      if (cancelled) this.#halt ??= { kind: 'cancelled' }
      else if (!continued) this.#fail(stepId, error)
      events.emit({ type: 'step_failed', stepId, name, durationMs, error, result, cancelled, continued })
    }
  }

  #fail(stepId: string, error: StepError): void {
    if (this.#halt !== undefined) return
    this.#halt = { kind: 'failed', stepId, error }
    this.#failed.abort(failureOf(stepId))
  }

  #settle(id: string): void {
    for (const follower of this.#followers.get(id) ?? []) {
      const left = (this.#waiting.get(follower) ?? 0) - 1
      this.#waiting.set(follower, left)
      if (left === 0) this.#enqueue(follower)
    }
  }

  /** Keeps ready steps in the playbook's order. */
  #enqueue(id: string): void {
    const position = this.#positions.get(id) ?? 0
    let at = this.#ready.length
    while (at > 0 && (this.#positions.get(this.#ready[at - 1] as string) ?? 0) > position) at -= 1
    this.#ready.splice(at, 0, id)
  }

  #stepEnds(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  get #needsRollback(): boolean {
    const isWanted = this.#context.options.rollback === true && !this.#options.force.aborted
    return isWanted && this.#halt !== undefined && !this.#hasRolledBack
  }

  async #rollBack(): Promise<void> {
    this.#hasRolledBack = true
    await rollBack(this.#context, this.#completed, this.#options.force)
  }
}
