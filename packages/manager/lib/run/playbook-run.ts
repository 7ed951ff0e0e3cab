/** One run of a playbook as a handle: a promise of its result, its events to iterate, its state to show. */
import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'

import type { ExecutionEngine } from '@escher/execution-engine'
import { now, onAbort, Thenable } from '@escher/execution-engine/support'

import { Approvals } from './approval.js'
import { Audit } from './audit.js'
import type { RunContext } from './context.js'
import { EventStream } from './event-stream.js'
import type { PlaybookEvent } from './events.js'
import { planOf } from './plan.js'
import type { PreparedRun } from './prepare.js'
import { Scheduler } from './scheduler.js'
import { RunStates } from './state.js'
import type { PlaybookResult, RunState } from './types.js'

const DEFAULT_PARALLEL = 4

/**
 * A running playbook. Await it for its result, whether it succeeds or fails; iterate it for its events.
 *
 * @example
 * const run = manager.run(playbook, { parameters: { region: 'eu-central-1' } })
 * for await (const event of run) if (event.type === 'step_output') console.log(event.line)
 * console.log((await run).status)
 */
export class PlaybookRun extends Thenable<PlaybookResult> implements AsyncIterable<PlaybookEvent> {
  readonly id: string = randomUUID()
  readonly #prepared: PreparedRun
  readonly #context: RunContext
  readonly #events: EventStream
  readonly #cancel = new AbortController()
  readonly #force = new AbortController()
  readonly #states: RunStates
  readonly #start = now()
  readonly #result: Promise<PlaybookResult>
  #hasEnded = false

  /** @internal */
  constructor(engine: ExecutionEngine, prepared: PreparedRun) {
    super()
    const { playbook, options, secrets, kept } = prepared
    this.#prepared = prepared
    // Every running step listens, so many listeners are no leak.
    setMaxListeners(0, this.#cancel.signal, this.#force.signal)
    const startedAt = new Date().toISOString()
    this.#states = new RunStates({ id: this.id, playbookId: playbook.id, startedAt }, playbook.steps, kept)
    this.#events = new EventStream(
      { runId: this.id, playbookId: playbook.id },
      (event) => this.#states.apply(event),
      options.onEvent,
    )
    this.#context = {
      ...prepared,
      engine,
      runId: this.id,
      events: this.#events,
      approvals: new Approvals(options.onApproval),
      audit: new Audit(options, secrets.mask),
      ended: (id) => this.#states.step(id),
    }
    this.#result = this.#run()
  }

  /** Resolves however the run ends, and never rejects. The same as awaiting the run itself. */
  wait(): Promise<PlaybookResult> {
    return this.#result
  }

  /** The current state of the run. The object never changes; read the property again for the next one. */
  get state(): RunState {
    return this.#states.current
  }

  /**
   * Stops the running steps gracefully and skips the rest; `always` steps still run. A second call, or `force`, stops
   * these too, without the grace period. True if the run had not ended.
   */
  cancel(options: { force?: boolean } = {}): boolean {
    if (this.#hasEnded) return false
    const isSecond = this.#cancel.signal.aborted
    this.#cancel.abort(new Error('the run was cancelled'))
    this.#events.liftBackpressure()
    if (isSecond || options.force === true) this.#force.abort(new Error('the run was cancelled by force'))
    return true
  }

  /**
   * Every event from now on, or all of them if called in the same turn as `run()`. A slow loop slows the programs down;
   * leaving the loop lets the run continue.
   */
  [Symbol.asyncIterator](): AsyncIterator<PlaybookEvent, undefined> {
    return this.#events.iterate()
  }

  /** Cancels, and waits for the end, `always` steps included. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#cancel.signal.aborted) this.cancel()
    await this.#result
  }

  async #run(): Promise<PlaybookResult> {
    const { options } = this.#prepared
    const stopFollowing = onAbort(options.signal, () => void this.cancel())
    // The first event comes after the caller's turn, in which it may subscribe.
    await Promise.resolve()
    this.#emitStart()
    const result = options.dryRun === true ? this.#plan() : await this.#runSteps()
    stopFollowing()
    this.#hasEnded = true
    this.#events.emit({ type: 'playbook_completed', status: result.status, result })
    this.#events.end()
    return result
  }

  #emitStart(): void {
    const { playbook, options, kept } = this.#prepared
    const steps = playbook.steps.map(({ id, name, expectedDurationMs }) => ({
      id,
      name,
      expectedDurationMs,
      isKept: kept.has(id),
    }))
    this.#events.emit({ type: 'playbook_started', name: playbook.name, dryRun: options.dryRun ?? false, steps })
  }

  async #runSteps(): Promise<PlaybookResult> {
    const { playbook, options } = this.#prepared
    const scheduler = new Scheduler(this.#context, {
      maxParallel: options.maxParallel ?? playbook.maxParallel ?? DEFAULT_PARALLEL,
      cancel: this.#cancel.signal,
      force: this.#force.signal,
    })
    return this.#resultOf({ ...(await scheduler.run()), plan: null })
  }

  #plan(): PlaybookResult {
    const plan = planOf(this.#context)
    for (const step of plan) this.#events.emit({ type: 'step_planned', stepId: step.id, step })
    return this.#resultOf({ status: 'completed', error: null, plan })
  }

  #resultOf(ending: Pick<PlaybookResult, 'status' | 'error' | 'plan'>): PlaybookResult {
    const { startedAt, steps } = this.#states.current
    return Object.freeze({
      ...ending,
      runId: this.id,
      playbookId: this.#prepared.playbook.id,
      startedAt,
      completedAt: new Date().toISOString(),
      durationMs: Math.round(now() - this.#start),
      steps,
      recordErrors: this.#context.audit.errors,
    })
  }
}
