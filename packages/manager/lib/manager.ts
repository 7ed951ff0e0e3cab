/** Runs playbooks through an engine. */
import type { ExecutionEngine } from '@escher/execution-engine'

import type { Playbook } from './playbook/playbook.js'
import type { ManagerOptions, PlaybookRunOptions } from './run/options.js'
import { PlaybookRun } from './run/playbook-run.js'
import { prepare } from './run/prepare.js'

/** An option that is `undefined` does not override the manager's. */
const given = (options: PlaybookRunOptions): PlaybookRunOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

/** Without a prototype, so that only own properties are options. */
const merged = (...options: readonly PlaybookRunOptions[]): PlaybookRunOptions =>
  Object.assign(Object.create(null) as PlaybookRunOptions, ...options)

/**
 * Runs playbooks through an engine. The caller shuts the engine down.
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
   * Starts a run. Its result always says how it ended.
   *
   * @example for await (const event of manager.run(playbook)) console.log(event.type)
   * @throws PlaybookError if it cannot run, for example without a required parameter. Nothing was run then.
   */
  run(playbook: Playbook, options: PlaybookRunOptions = {}): PlaybookRun {
    const prepared = prepare(playbook, merged(this.#options, given(options)), this.#engine)
    const run = new PlaybookRun(this.#engine, prepared)
    this.#runs.add(run)
    void run.wait().finally(() => this.#runs.delete(run))
    return run
  }

  /** Cancels what runs, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#runs].map((run) => run[Symbol.asyncDispose]()))
  }
}
