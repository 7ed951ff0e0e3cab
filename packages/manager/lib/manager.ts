/** Runs playbooks through an engine. */
import type { ExecutionEngine } from '@escher/execution-engine'
import type { Playbook } from './playbook/playbook.js'
import { prepare } from './run/prepare.js'
import { PlaybookRun } from './run/playbook-run.js'
import type { ManagerOptions, PlaybookRunOptions } from './run/types.js'

// What is left out by `undefined` is the manager's to say.
const given = (options: PlaybookRunOptions): PlaybookRunOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

/** The engine's default. */
const MAX_TIMEOUT_MS = 600_000

/**
 * Runs playbooks through an engine, which stays its owner's to shut down.
 *
 * @example
 * await using engine = new ExecutionEngine()
 * await using manager = new ExecutionManager(engine)
 * const result = await manager.run(await loadPlaybook('playbook.json'), { parameters: { region: 'eu-central-1' } })
 */
export class ExecutionManager {
  readonly #engine: ExecutionEngine
  readonly #options: ManagerOptions
  readonly #runs = new Set<PlaybookRun>()

  constructor(engine: ExecutionEngine, options: ManagerOptions = {}) {
    this.#engine = engine
    this.#options = options
  }

  /**
   * Begins a run; its result tells how it ended, whatever happened.
   *
   * @throws PlaybookError when it cannot run: a required parameter without a value, a timeout the engine would refuse.
   * Nothing was run then.
   */
  run(playbook: Playbook, options: PlaybookRunOptions = {}): PlaybookRun {
    const { maxTimeoutMs = MAX_TIMEOUT_MS, ...shared } = this.#options
    const run = new PlaybookRun(this.#engine, prepare(playbook, { ...shared, ...given(options) }, maxTimeoutMs))
    this.#runs.add(run)
    void run.result.finally(() => this.#runs.delete(run))
    return run
  }

  /** Cancels what runs, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#runs].map((run) => run[Symbol.asyncDispose]()))
  }
}
