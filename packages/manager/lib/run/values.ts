/** The values of placeholders and conditions during a run. */
import type { ExecutionResult } from '@escher/execution-engine'

import type { Values } from '../playbook/parameters.js'
import { shownAccessors, valueAt } from '../template/json-path.js'
import type { Reference } from '../template/template.js'
import { MASK } from './secrets.js'
import type { StepError, StepErrorCode, StepStatus } from './types.js'

/** Thrown if a step cannot continue. */
export class StepFailure extends Error {
  readonly code: StepErrorCode

  constructor(code: StepErrorCode, message: string) {
    super(message)
    this.code = code
  }

  get error(): StepError {
    return { code: this.code, message: this.message }
  }
}

/** The outcome of an earlier step. */
export interface Ended {
  readonly status: StepStatus
  readonly result: ExecutionResult | null
}

/** Finds an earlier step by its id. */
export type EndedSteps = (id: string) => Ended | undefined

type StepReference = Extract<Reference, { kind: 'step' }>

const missing = ({ text }: Reference, why: string): StepFailure =>
  new StepFailure('VALUE_MISSING', `{${text}} has no value: ${why}`)

/** A value as a string, for a command. @throws StepFailure if there is none */
export const textOf = (reference: Reference, values: Values, steps: EndedSteps): string => {
  if (reference.kind === 'parameter') {
    const value = values.get(reference.name)
    if (value === undefined) throw missing(reference, `the parameter \`${reference.name}\` was not given one`)
    return String(value)
  }
  const value = stepValue(reference, steps)
  if (value === null || value === undefined) throw missing(reference, 'it is null')
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw missing(reference, 'so large a number is not exact; let the step print it as a string')
  }
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  if (text.includes(MASK)) {
    throw missing(reference, 'a secret in it is masked; give the step the secret by its credentials or a parameter')
  }
  if (text.includes('\0')) throw missing(reference, 'it holds a NUL character, which no program can be given')
  return text
}

/** A value for a condition; a missing one is `null`. @throws StepFailure if it cannot be read */
export const conditionValue = (reference: Reference, values: Values, steps: EndedSteps): unknown => {
  if (reference.kind === 'parameter') return values.get(reference.name) ?? null
  if (reference.field === 'status') return steps(reference.step)?.status ?? null
  const result = steps(reference.step)?.result
  if (!result) return null
  if (reference.field !== 'json') return stepValue(reference, steps)
  const found = valueAt(parsed(reference, result), reference.path)
  return found.missing === undefined ? found.value : null
}

const stepValue = (reference: StepReference, steps: EndedSteps): unknown => {
  const { step, field } = reference
  const ended = steps(step)
  if (field === 'status' && ended) return ended.status
  const result = ended?.result
  if (!result) {
    throw missing(reference, `step \`${step}\` ${ended?.status === 'skipped' ? 'was skipped' : 'has no result'}`)
  }
  if (field === 'exit_code') return result.exitCode
  if (field === 'json') {
    const found = valueAt(parsed(reference, result), reference.path)
    if (found.missing === undefined) return found.value
    throw missing(reference, `the output of step \`${step}\` has no ${shownAccessors(found.missing)}`)
  }
  return wholeOutput(reference, result, field === 'stderr' ? 'stderr' : 'stdout').replace(/(?:\r?\n)+$/, '')
}

/** The output, if memory kept all of it. */
const wholeOutput = (reference: StepReference, result: ExecutionResult, stream: 'stdout' | 'stderr'): string => {
  const isCut = stream === 'stdout' ? result.stdoutTruncated : result.stderrTruncated
  if (isCut) throw missing(reference, `the output of step \`${reference.step}\` was longer than memory keeps`)
  return result[stream]
}

const parsed = (reference: StepReference, result: ExecutionResult): unknown => {
  const text = wholeOutput(reference, result, 'stdout')
  try {
    return JSON.parse(text)
  } catch {
    throw missing(reference, `the output of step \`${reference.step}\` is not JSON`)
  }
}
