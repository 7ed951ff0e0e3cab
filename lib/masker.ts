/** Secrets masked as the engine masks them, for a program's own words. */
import type { NativeMasker } from '../index.js'
import { native } from './binding/load.js'
import { checkedOptions } from './binding/request.js'
import { texts } from './binding/validate.js'

/**
 * Masks secrets in text, in their encoded forms too: what the engine does to output, for messages of your own.
 *
 * @example
 * new Masker(['hunter2']).mask('login hunter2, or pw=hunter2') // 'login ***, or pw=***'
 */
export class Masker {
  readonly #native: NativeMasker

  /** A secret of one character is not masked. @throws ExecutionEngineError `INVALID_REQUEST` unless it gets strings. */
  constructor(secrets: readonly string[]) {
    checkedOptions({ secrets }, { secrets: texts }, [])
    this.#native = native().NativeMasker.create([...secrets])
  }

  /** The text with `***` in the place of secrets. */
  mask(text: string): string {
    return this.#native.mask(text)
  }
}
