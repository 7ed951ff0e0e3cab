/** Which step runs when: the graph, the limit, what a failure or a cancel leaves out, clean-up and rollback. */
import { setMaxListeners } from 'node:events'

import { type FilledCommand, planned, shownCommand } from '../template/command.js'
import { followers } from '../playbook/graph.js'
import { ALL_ELSE, graphNodes, type Step } from '../playbook/playbook.js'
import { auditRecord, type Ending } from './audit-record.js'
import { NEVER, type StepEnding, StepRun, type Stop, type Surroundings, written } from './step-run.js'
import type { PlaybookResult, StepError } from './types.js'

/** Why no more ordinary steps begin. */
type Halt =
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly stepId: string; readonly error: StepError }

export interface FlowOptions {
  readonly maxParallel: number
  /** The run is to stop: ordinary steps, and by force all. */
  readonly cancel: AbortSignal
  readonly force: AbortSignal
}

const failureOf = (stepId: string): string => `step \`${stepId}\` failed`

export class Flow {
  readonly recordErrors: string[] = []
  readonly #around: Surroundings
  readonly #options: FlowOptions
  readonly #steps: ReadonlyMap<string, Step>
  readonly #position: ReadonlyMap<string, number>
  readonly #followers: ReadonlyMap<string, string[]>
  /** How many each step still waits for. */
  readonly #waiting: Map<string, number>
  /** Steps that could begin, in the playbook's order. */
  readonly #ready: string[] = []
  /** Clean-up that waits for the rollback. */
  readonly #held: string[] = []
  /** Completed in this run, in the order of their ends. */
  readonly #completed: Step[] = []
  #running = 0
  #failure: Extract<Halt, { kind: 'failed' }> | undefined
  readonly #failed = new AbortController()
  #wasCancelled = false
  #hasRolledBack = false
  #wake: () => void = () => {}

  constructor(around: Surroundings, options: FlowOptions) {
    this.#around = around
    this.#options = options
    setMaxListeners(0, this.#failed.signal)
    const { steps } = around.playbook
    const nodes = graphNodes(steps)
    this.#steps = new Map(steps.map((step) => [step.id, step]))
    this.#position = new Map(nodes.map(({ id }, index) => [id, index]))
    this.#followers = followers(nodes)
    this.#waiting = new Map(nodes.map(({ id, after }) => [id, after.length]))
    this.#ready.push(...nodes.filter(({ after }) => after.length === 0).map(({ id }) => id))
  }

  get status(): PlaybookResult['status'] {
    return this.#halt?.kind ?? 'completed'
  }

  get error(): PlaybookResult['error'] {
    return this.#failure ? { ...this.#failure.error, stepId: this.#failure.stepId } : null
  }

  async run(): Promise<void> {
    for (;;) {
      this.#begin()
      if (this.#running > 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      } else if (this.#ready.length === 0 && !(await this.#finish())) {
        return
      }
    }
  }

  get #halt(): Halt | undefined {
    if (this.#failure) return this.#failure
    return this.#wasCancelled ? { kind: 'cancelled' } : undefined
  }

  /** Begins what can begin. */
  #begin(): void {
    const later: string[] = []
    // At the limit all wait, unless they are only to be skipped.
    while (this.#ready.length > 0 && (this.#running < this.#options.maxParallel || this.#isHalted)) {
      const id = this.#ready.shift() as string
      const step = this.#steps.get(id)
      if (id === ALL_ELSE || this.#around.kept.has(id) || step === undefined) this.#settled(id)
      else if (this.#around.passedOver.has(id)) this.#skip(step, 'it comes before the step to begin with')
      else this.#place(step, later)
    }
    this.#ready.push(...later)
  }

  get #isHalted(): boolean {
    return this.#options.cancel.aborted || this.#failure !== undefined
  }

  #place(step: Step, later: string[]): void {
    if (this.#options.cancel.aborted && this.#failure === undefined) this.#wasCancelled = true
    const halt = this.#halt
    if (halt !== undefined && (!step.always || this.#options.force.aborted)) {
      this.#skip(step, halt.kind === 'cancelled' ? 'the run was cancelled' : failureOf(halt.stepId))
    } else if (halt !== undefined && this.#needsRollback) {
      this.#held.push(step.id)
    } else if (this.#running >= this.#options.maxParallel) {
      later.push(step.id)
    } else {
      this.#running += 1
      void this.#run(step)
    }
  }

  /** Nothing runs and nothing can: is there more? */
  async #finish(): Promise<boolean> {
    if (this.#needsRollback) await this.#rollback()
    this.#ready.push(...this.#held.splice(0))
    return this.#ready.length > 0
  }

  #settled(id: string): void {
    for (const follower of this.#followers.get(id) ?? []) {
      const left = (this.#waiting.get(follower) ?? 0) - 1
      this.#waiting.set(follower, left)
      if (left === 0) this.#enqueue(follower)
    }
  }

  #enqueue(id: string): void {
    const position = this.#position.get(id) ?? 0
    let at = this.#ready.length
    while (at > 0 && (this.#position.get(this.#ready[at - 1] as string) ?? 0) > position) at -= 1
    this.#ready.splice(at, 0, id)
  }

  async #run(step: Step): Promise<void> {
    // Clean-up goes on when the run is cancelled, and stops by force only.
    const { cancel, force } = this.#options
    const stop: Stop = step.always
      ? { signal: force, halt: NEVER, force }
      : { signal: cancel, halt: this.#failed.signal, force }
    const startedAt = new Date().toISOString()
    const began = performance.now()
    let filled: FilledCommand | undefined
    const ending = await new StepRun(this.#around, step, stop).run((command) => {
      filled = command
    })
    await this.#ended(step, ending, { startedAt, durationMs: Math.round(performance.now() - began), filled })
    this.#running -= 1
    this.#settled(step.id)
    this.#wake()
  }

  async #ended(
    step: Step,
    ending: StepEnding,
    when: { startedAt: string; durationMs: number; filled: FilledCommand | undefined },
  ): Promise<void> {
    const { events } = this.#around
    const { id, name } = step
    const { durationMs, startedAt } = when
    const at = new Date().toISOString()
    if (ending.kind === 'skipped') {
      events.emit({ type: 'step_skipped', stepId: id, name, reason: ending.reason })
    } else if (ending.kind === 'completed') {
      this.#completed.push(step)
      events.emit({ type: 'step_completed', stepId: id, name, durationMs, result: ending.result })
    } else {
      const { error, result } = ending
      const cancelled = ending.kind === 'cancelled'
      if (cancelled) this.#wasCancelled ||= this.#failure === undefined
      else if (!step.continueOnError && !this.#wasCancelled) this.#fail(id, error)
      const continued = !cancelled && step.continueOnError
      events.emit({ type: 'step_failed', stepId: id, name, durationMs, error, result, cancelled, continued })
    }
    const wasRun = ending.kind !== 'skipped'
    await this.#record(step, when.filled, {
      status: ending.kind,
      startedAt: wasRun ? startedAt : null,
      completedAt: at,
      durationMs: wasRun ? durationMs : 0,
      error: ending.kind === 'skipped' ? ending.reason : ending.kind === 'completed' ? null : ending.error,
      result: ending.kind === 'skipped' ? null : ending.result,
    })
  }

  #fail(stepId: string, error: StepError): void {
    this.#failure ??= { kind: 'failed', stepId, error }
    this.#failed.abort(failureOf(this.#failure.stepId))
  }

  #skip(step: Step, reason: string): void {
    this.#running += 1
    void this.#skipped(step, reason)
  }

  async #skipped(step: Step, reason: string): Promise<void> {
    await this.#ended(step, { kind: 'skipped', reason }, { startedAt: '', durationMs: 0, filled: undefined })
    this.#running -= 1
    this.#settled(step.id)
    this.#wake()
  }

  get #needsRollback(): boolean {
    if (this.#hasRolledBack || this.#around.options.rollback !== true || this.#options.force.aborted) return false
    return this.#halt !== undefined
  }

  /** Undoes what was completed, the last first. What cannot be undone does not keep the rest from it. */
  async #rollback(): Promise<void> {
    this.#hasRolledBack = true
    for (const step of this.#completed.toReversed()) {
      if (step.rollback === null || this.#options.force.aborted) continue
      const { force } = this.#options
      const run = new StepRun(this.#around, step, { signal: force, halt: NEVER, force })
      const startedAt = new Date().toISOString()
      const began = performance.now()
      let filled: FilledCommand | undefined
      let executionId: string | null = null
      let ending: StepEnding
      try {
        const command = run.filled(step.rollback)
        filled = command
        const result = await run.execute(command, 1, (id) => {
          executionId = id
          this.#rollbackStarted(step, command, id)
        })
        ending = run.ending(result)
      } catch (error) {
        ending = run.failed(error)
      }
      if (ending.kind === 'skipped') continue
      const { result } = ending
      const error = ending.kind === 'completed' ? null : ending.error
      this.#around.events.emit({ type: 'rollback_completed', stepId: step.id, executionId, error, result })
      const completedAt = new Date().toISOString()
      const durationMs = Math.round(performance.now() - began)
      await this.#record(
        step,
        filled,
        { status: ending.kind, startedAt, completedAt, durationMs, error, result },
        step.rollback,
      )
    }
  }

  #rollbackStarted({ id }: Step, filled: FilledCommand, executionId: string): void {
    const command = planned(filled, this.#around.secrets.mask)
    this.#around.events.emit({
      type: 'rollback_started',
      stepId: id,
      command,
      commandLine: shownCommand(command),
      executionId,
    })
  }

  async #record(
    step: Step,
    filled: FilledCommand | undefined,
    ending: Omit<Ending, 'conversationId' | 'command' | 'commandType'>,
    source = step.command,
  ): Promise<void> {
    const { options, secrets } = this.#around
    if (options.records === undefined) return
    const command = filled ? shownCommand(planned(filled, secrets.mask)) : secrets.mask(written(source))
    try {
      const { conversationId } = options
      await options.records.write(auditRecord({ ...ending, conversationId, command, commandType: source.kind }))
    } catch (error) {
      this.recordErrors.push(`step \`${step.id}\`: ${(error as Error).message}`)
    }
  }
}
