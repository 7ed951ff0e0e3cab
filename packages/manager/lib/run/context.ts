/** What the steps of a run share, and what stops them. */
import { setMaxListeners } from 'node:events'

import type { ExecutionEngine } from '@escher/execution-engine'

import type { Approvals } from './approval.js'
import type { Audit } from './audit.js'
import type { EventStream } from './event-stream.js'
import type { PreparedRun } from './prepare.js'
import type { EndedSteps } from './values.js'

/** What the steps of a run share. */
export interface RunContext extends PreparedRun {
  readonly engine: ExecutionEngine
  readonly runId: string
  readonly events: EventStream
  readonly approvals: Approvals
  readonly audit: Audit
  readonly ended: EndedSteps
}

/** What stops a step. */
export interface StopSignals {
  /** Stops it gracefully. */
  readonly cancel: AbortSignal
  /** Keeps it from starting because another step failed. The reason names that step. */
  readonly halt: AbortSignal
  /** Stops it without the grace period. */
  readonly force: AbortSignal
}

const never = new AbortController().signal
// Every step may listen, so many listeners are no leak.
setMaxListeners(0, never)

/** Cleanup and rollback continue if the run is cancelled or fails. Only force stops them. */
export const byForceOnly = (force: AbortSignal): StopSignals => ({ cancel: force, halt: never, force })
