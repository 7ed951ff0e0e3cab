/** The two errors that users see, and the only code that creates them from native answers. */
import { stripVTControlCharacters } from 'node:util'

import type { NativeFailure } from '../index.js'
import type { ExecutionResult, FailureCode } from './types.js'

/** Why a call was refused. Codes are never renamed. */
export type EngineErrorCode =
  | 'INVALID_CONFIG'
  | 'INVALID_REQUEST'
  | 'DUPLICATE_ID'
  | 'NOT_FOUND'
  | 'QUEUE_FULL'
  | 'SHUT_DOWN'
  | 'LOG_UNREADABLE'
  | 'NO_RUNTIME'
  | 'NATIVE_BINDING_MISSING'

// Symbols of the global registry, so that two copies of this package recognise each other's errors.
const engineError = Symbol.for('@escher/execution-engine/ExecutionEngineError')
const executionError = Symbol.for('@escher/execution-engine/ExecutionError')

const isBranded = (value: unknown, brand: symbol): boolean =>
  typeof value === 'object' && value !== null && brand in value

/**
 * A call that could not be accepted. Nothing was run.
 *
 * @example
 * try {
 *   await engine.execute({ command: { type: 'exec', program: '' } })
 * } catch (error) {
 *   if (error instanceof ExecutionEngineError) console.log(error.code, error.field) // INVALID_REQUEST command.program
 * }
 */
export class ExecutionEngineError extends Error {
  override readonly name = 'ExecutionEngineError'
  readonly [engineError] = true
  /** Stable. */
  readonly code: EngineErrorCode
  /** The refused field, if there is one. */
  readonly field?: string
  /** Its value. */
  readonly value?: string

  constructor(
    code: EngineErrorCode,
    message: string,
    refused: { field?: string; value?: string; cause?: unknown } = {},
  ) {
    super(message, Object.hasOwn(refused, 'cause') ? { cause: refused.cause } : undefined)
    this.code = code
    if (refused.field !== undefined) this.field = refused.field
    if (refused.value !== undefined) this.value = refused.value
  }

  /** `instanceof` holds also across copies of this package and across realms. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isBranded(value, engineError)
  }
}

/** How much of the standard error output an error ends with. */
const MAX_LINES = 10
const MAX_LENGTH = 2000

/** Secrets are masked already. Terminal control sequences are removed. */
const lastLines = ({ stderr }: ExecutionResult): string => {
  const plain = stripVTControlCharacters(stderr.slice(-2 * MAX_LENGTH)).replaceAll(/[^\P{Cc}\t\n]/gu, '')
  const shown = plain.trimEnd().slice(-MAX_LENGTH)
  return shown === '' ? '' : `\n${shown.split('\n').slice(-MAX_LINES).join('\n')}`
}

/**
 * An execution that did not complete, thrown with `reject: true`, and by iterating an execution that could not be
 * started. Its message ends with the last lines of standard error; `result.error` has it without them. If an
 * `AbortSignal` cancelled the execution, `cause` is the signal's reason.
 * `AbortSignal` cancelled it, `cause` is the signal's reason.
 *
 * @example
 * try {
 *   await engine.run('npm', ['test'], { reject: true })
 * } catch (error) {
 *   if (error instanceof ExecutionError) console.log(error.code, error.result.stderr) // NON_ZERO_EXIT …
 * }
 */
export class ExecutionError extends Error {
  override readonly name = 'ExecutionError'
  readonly [executionError] = true
  /** The same as `result.error.code`. */
  readonly code: FailureCode
  /** Everything that is known about it, its output included. */
  readonly result: ExecutionResult

  constructor(result: ExecutionResult, options?: ErrorOptions) {
    super(`${result.error?.message ?? `execution ${result.id} ended as ${result.status}`}${lastLines(result)}`, options)
    this.code = result.error?.code ?? 'INTERNAL'
    this.result = result
  }

  /** `instanceof` holds also across copies of this package and across realms. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isBranded(value, executionError)
  }
}

/** An own property: an inherited one makes no failure. */
export const isFailure = (answer: unknown): answer is NativeFailure =>
  typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'isFailure')

/** The answer, or the error it stands for. */
export function unwrap<Answer>(answer: Answer | NativeFailure): Answer {
  if (!isFailure(answer)) return answer
  const { code, message, field, value } = answer
  throw new ExecutionEngineError(code as EngineErrorCode, message, {
    ...(field === undefined ? {} : { field }),
    ...(value === undefined ? {} : { value }),
  })
}
