/** Masks secrets in a program's own text, as the engine does in output. */
import type { NativeMasker } from '../index.js'
import { native } from './binding/load.js'
import { anyText, texts } from './binding/fields.js'
import { reading } from './binding/refuse.js'

/**
 * Masks secrets in text, encoded forms included: what the engine does to output, for your own messages.
 *
 * @example
 * new Masker(['hunter2']).mask('login hunter2, or pw=hunter2') // 'login ***, or pw=***'
 */
export class Masker {
  readonly #native: NativeMasker
  readonly #secrets: readonly string[]

  /** A secret of one character is not masked. @throws ExecutionEngineError `INVALID_REQUEST` unless it gets strings. */
  constructor(secrets: readonly string[]) {
    this.#secrets = reading('INVALID_REQUEST', 'secrets', () => {
      return JSON.parse(texts(secrets, 'secrets', { code: 'INVALID_REQUEST', secrets: [] })) as string[]
    })
    this.#native = native().NativeMasker.create([...this.#secrets])
  }

  /**
   * The text with `***` in place of secrets.
   *
   * @throws ExecutionEngineError `INVALID_REQUEST` unless it is a string.
   */
  mask(text: string): string {
    anyText(text, 'text', { code: 'INVALID_REQUEST', secrets: this.#secrets })
    return this.#native.mask(text)
  }
}
