/** Secrets masked as the engine masks them, for a program's own words. */
import type { NativeMasker } from '../index.js'
import { native } from './binding/load.js'
import { anyText, texts } from './binding/fields.js'
import { reading } from './binding/refuse.js'

/**
 * Masks secrets in text, in their encoded forms too: what the engine does to output, for messages of your own.
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
   * The text with `***` in the place of secrets.
   *
   * @throws ExecutionEngineError `INVALID_REQUEST` unless it is a string.
   */
  mask(text: string): string {
    anyText(text, 'text', { code: 'INVALID_REQUEST', secrets: this.#secrets })
    return this.#native.mask(text)
  }
}
