/** Whether an attempt is worth another, and how long to wait. The waits are cockatiel's. */
import {
  ConstantBackoff,
  DelegateBackoff,
  ExponentialBackoff,
  fullJitterGenerator,
  type IBackoff,
  type IBackoffFactory,
  noJitterGenerator,
} from 'cockatiel'

import type { ExecutionResult, FailureCode } from '@escher/execution-engine'
import type { RetryPolicyFile } from '../playbook/schema.js'

export interface RetryPolicy {
  readonly strategy: 'none' | 'fixed' | 'linear' | 'exponential_backoff'
  /** The first included. */
  readonly attempts: number
  readonly baseMs: number
  readonly maxMs: number
  readonly jitter: 'full' | 'none'
  /** Exit codes, texts in stderr, failure codes; `null`: any failure that may pass. */
  readonly retryOn: readonly (number | string)[] | null
}

export const NO_RETRY: RetryPolicy = {
  strategy: 'none',
  attempts: 1,
  baseMs: 0,
  maxMs: 0,
  jitter: 'full',
  retryOn: null,
}

export const retryPolicy = (given: RetryPolicyFile | undefined): RetryPolicy => {
  const {
    strategy = 'exponential_backoff',
    attempts = 3,
    base_sec = 1,
    max_sec = 30,
    jitter = 'full',
    retry_on = null,
  } = typeof given === 'object' ? given : { strategy: given ?? ('none' as const) }
  if (strategy === 'none') return NO_RETRY
  return { strategy, attempts, baseMs: base_sec * 1000, maxMs: Math.max(max_sec, 0) * 1000, jitter, retryOn: retry_on }
}

// What ends like this ends so again: the same program is missing, the same person said no.
const passing: ReadonlySet<FailureCode> = new Set([
  'NON_ZERO_EXIT',
  'KILLED_BY_SIGNAL',
  'TIMEOUT',
  'RESOURCE_EXHAUSTED',
])

/** Why another attempt may do better; nothing when it will not. */
export const retryReason = (policy: RetryPolicy, { error, exitCode, stderr }: ExecutionResult): string | undefined => {
  if (error === null || error.code === 'CANCELLED') return undefined
  if (policy.retryOn === null) return passing.has(error.code) ? error.message : undefined
  const matched = policy.retryOn.find((wanted) =>
    typeof wanted === 'number' ? wanted === exitCode : wanted === error.code || stderr.includes(wanted),
  )
  if (matched === undefined) return undefined
  return typeof matched === 'number' ? `exit code ${matched}` : matched
}

const backoff = ({ strategy, baseMs, maxMs, jitter }: RetryPolicy): IBackoffFactory<RetryNumber> => {
  const capped = Math.min(baseMs, maxMs)
  const shaken = (ms: number): number => (jitter === 'full' ? Math.floor(Math.random() * ms) : ms)
  if (strategy === 'linear') return new DelegateBackoff(({ attempt }) => shaken(Math.min(maxMs, baseMs * attempt)))
  if (strategy === 'fixed')
    return jitter === 'none' ? new ConstantBackoff(capped) : new DelegateBackoff(() => shaken(capped))
  const generator = jitter === 'full' ? fullJitterGenerator : noJitterGenerator
  return new ExponentialBackoff({ generator, initialDelay: capped, maxDelay: maxMs, exponent: 2 })
}

interface RetryNumber {
  /** From 1. */
  attempt: number
}

/** The waits of one step, one after another. */
export const waits = (policy: RetryPolicy): (() => number) => {
  let current: IBackoff<RetryNumber> | IBackoffFactory<RetryNumber> = backoff(policy)
  let attempt = 0
  return () => {
    attempt += 1
    const next: IBackoff<RetryNumber> = current.next({ attempt })
    current = next
    return next.duration
  }
}
