/** Audit records in the format of the storage service. A sink receives them; nothing is sent anywhere. */
import type { StepCommand } from '../template/command.js'
import type { EndedStatus } from './types.js'

/** How one step ended. */
export interface AuditRecord {
  /** The id of the last execution, which its log carries too; a new one if nothing was run. */
  id: string
  conversation_id: string | null
  /** As one would type it, secrets masked. */
  command: string
  command_type: StepCommand['kind']
  status: EndedStatus | 'timeout'
  /** ISO 8601, UTC; `null` if it never started. */
  started_at: string | null
  completed_at: string
  duration_sec: number
  exit_code: number | null
  /** The first 500 characters of stdout. */
  output_summary: string
  /** The first 500 characters of stderr, or of the reason if nothing was run. */
  error_summary: string
  /** The log of the last attempt. */
  full_output_path: string | null
}

/**
 * Where records go.
 *
 * @example const sink: RecordSink = { write: (record) => database.insert(record) }
 */
export interface RecordSink {
  /** Resolves when the record is safe. An exception is reported in the run's result, and the run continues. */
  write(record: AuditRecord): Promise<void> | void
}
