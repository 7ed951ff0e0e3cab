/** Audit records in the shape of the storage service. They are handed to a sink; nothing is sent anywhere. */
import type { StepCommand } from '../template/command.js'
import type { EndedStatus } from './types.js'

/** How one step ended. */
export interface AuditRecord {
  /** The last execution's id, which its log carries too; a new one where nothing was run. */
  id: string
  conversation_id: string | null
  /** As one would type it, secrets masked. */
  command: string
  command_type: StepCommand['kind']
  status: EndedStatus | 'timeout'
  /** ISO 8601, UTC; `null` when it never started. */
  started_at: string | null
  completed_at: string
  duration_sec: number
  exit_code: number | null
  /** The first 500 characters of stdout. */
  output_summary: string
  /** The first 500 characters of stderr; of the reason, where nothing was run. */
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
  /** Resolves when the record is safe. What it throws is reported in the run's result; the run goes on. */
  write(record: AuditRecord): Promise<void> | void
}
