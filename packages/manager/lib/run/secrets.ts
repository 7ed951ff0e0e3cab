/** The secrets of one run: passed to the engine with each request, and masked in the manager's own text. */
import type { ExecutionEngine, Masker } from '@escher/execution-engine'

import { isMaskable } from '../playbook/parameters.js'

/** What replaces a secret. */
export const MASK = '***'

export class Secrets {
  readonly #values = new Set<string>()
  readonly #engine: Pick<ExecutionEngine, 'masker'>
  /** Compiled when something must be masked. */
  #masker: Masker | undefined

  constructor(engine: Pick<ExecutionEngine, 'masker'>) {
    this.#engine = engine
  }

  /** @throws Error if it is too short to be masked: the engine would refuse it */
  add(name: string, value: string): void {
    if (!isMaskable(value)) {
      throw new Error(`the secret \`${name}\` has fewer than 2 characters: so short a string cannot be masked`)
    }
    if (this.#values.has(value)) return
    this.#values.add(value)
    this.#masker = undefined
  }

  get values(): string[] {
    return [...this.#values]
  }

  readonly mask = (text: string): string => {
    this.#masker ??= this.#engine.masker(this.values)
    return this.#masker.mask(text)
  }
}
