/** How often a step is tried and how long it waits in between, with defaults. */
import type { jitters, RetryPolicyFile, strategies } from './schema.js'

/** When a failed attempt of a step is followed by another. */
export interface RetryPolicy {
  readonly strategy: (typeof strategies)[number]
  /** Including the first. */
  readonly attempts: number
  /** The first wait. */
  readonly baseMs: number
  /** The longest wait. */
  readonly maxMs: number
  /** `full`: a random time up to the wait. `none`: exactly the wait. */
  readonly jitter: (typeof jitters)[number]
  /** Exit codes, strings in stderr, failure codes. `null`: any failure that may be transient. */
  readonly retryOn: readonly (number | string)[] | null
}

const NO_RETRY: RetryPolicy = { strategy: 'none', attempts: 1, baseMs: 0, maxMs: 0, jitter: 'full', retryOn: null }

export const retryPolicyOf = (given: RetryPolicyFile | undefined): RetryPolicy => {
  const {
    strategy = 'exponential_backoff',
    attempts = 3,
    base_sec = 1,
    max_sec = 30,
    jitter = 'full',
    retry_on = null,
  } = typeof given === 'object' ? given : { strategy: given ?? ('none' as const) }
  if (strategy === 'none') return NO_RETRY
  return { strategy, attempts, baseMs: base_sec * 1000, maxMs: max_sec * 1000, jitter, retryOn: retry_on }
}
