/** What the command line's exit codes mean; those of shells where there is one. */
import { constants } from 'node:os'

import type { ExecutionResult } from '@escher/execution-engine'

export const OK = 0
/** A step failed. */
export const FAILED = 1
/** The command line, or the playbook, is wrong: nothing was run. */
export const USAGE = 2
/** A step that needed an approval was not approved. */
export const REFUSED = 3
/** As `timeout` of coreutils. */
const TIMED_OUT = 124
const CANNOT_RUN = 126
const NOT_FOUND = 127
/** 128 and the number of SIGINT: as a shell says it. */
export const INTERRUPTED = 130

/** As a shell would: the program's own code, or 128 and the number of the signal that ended it. */
export const exitCodeOf = (result: ExecutionResult): number => {
  const { status, exitCode, signal, error } = result
  if (status === 'timeout') return TIMED_OUT
  if (status === 'cancelled') return INTERRUPTED
  if (exitCode !== null) return exitCode
  if (signal !== null) return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)
  return error?.code === 'PROGRAM_NOT_FOUND' ? NOT_FOUND : CANNOT_RUN
}
