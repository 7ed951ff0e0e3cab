/** Whether a failed attempt is worth another, and how long to wait before it. */
import type { ExecutionResult, FailureCode } from '@escher/execution-engine'

import type { RetryPolicy } from '../playbook/retry-policy.js'

// Any other failure would only repeat: the program is still missing, the answer is still no.
const transient: ReadonlySet<FailureCode> = new Set([
  'NON_ZERO_EXIT',
  'KILLED_BY_SIGNAL',
  'TIMEOUT',
  'RESOURCE_EXHAUSTED',
])

/** Why another attempt may succeed; `undefined` if it will not. */
export const retryReason = (policy: RetryPolicy, { error, exitCode, stderr }: ExecutionResult): string | undefined => {
  if (error === null || error.code === 'CANCELLED') return undefined
  if (policy.retryOn === null) return transient.has(error.code) ? error.message : undefined
  const matched = policy.retryOn.find((wanted) =>
    typeof wanted === 'number' ? wanted === exitCode : wanted === error.code || stderr.includes(wanted),
  )
  return typeof matched === 'number' ? `exit code ${matched}` : matched
}

/** Milliseconds to wait after this failed attempt, counted from 1. Full jitter avoids a thundering herd. */
export const retryDelayMs = ({ strategy, baseMs, maxMs, jitter }: RetryPolicy, attempt: number): number => {
  const factor = { none: 0, fixed: 1, linear: attempt, exponential_backoff: 2 ** (attempt - 1) }[strategy]
  const longest = Math.min(maxMs, baseMs * factor)
  return jitter === 'full' ? Math.floor(Math.random() * longest) : longest
}
