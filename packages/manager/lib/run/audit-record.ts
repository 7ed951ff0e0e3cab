/** Audit records in the shape the storage service expects. They are handed on; nothing is sent anywhere. */
import { randomUUID } from 'node:crypto'

import type { ExecutionResult } from '@escher/execution-engine'
import type { StepError } from './types.js'

/** One step, as it ended. */
export interface AuditRecord {
  /** The last execution's, which its log carries too; a new one where nothing was run. */
  id: string
  conversation_id: string | null
  /** As one would type it, secrets masked. */
  command: string
  command_type: 'exec' | 'shell'
  status: 'completed' | 'failed' | 'cancelled' | 'timeout' | 'skipped'
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

/** Where records go. */
export interface RecordSink {
  /** Resolves when the record is safe. What it throws is told in the run's result; the run goes on. */
  write(record: AuditRecord): Promise<void> | void
}

const SUMMARY_LENGTH = 500

/** Characters and not halves of them. */
const firstCharacters = (text: string): string =>
  text.length <= SUMMARY_LENGTH
    ? text
    : Array.from(text.slice(0, SUMMARY_LENGTH * 2))
        .slice(0, SUMMARY_LENGTH)
        .join('')

export interface Ending {
  conversationId: string | undefined
  command: string
  commandType: AuditRecord['command_type']
  status: 'completed' | 'failed' | 'cancelled' | 'skipped'
  startedAt: string | null
  completedAt: string
  durationMs: number
  /** Why it was skipped, or what went wrong. */
  error: StepError | string | null
  result: ExecutionResult | null
}

export const auditRecord = (ending: Ending): AuditRecord => {
  const { error, result } = ending
  const reason = typeof error === 'string' ? error : (error?.message ?? '')
  return {
    id: result?.id ?? randomUUID(),
    conversation_id: ending.conversationId ?? null,
    command: ending.command,
    command_type: ending.commandType,
    status: ending.status === 'failed' && result?.status === 'timeout' ? 'timeout' : ending.status,
    started_at: ending.startedAt,
    completed_at: ending.completedAt,
    duration_sec: Math.round(ending.durationMs) / 1000,
    exit_code: result?.exitCode ?? null,
    output_summary: firstCharacters(result?.stdout ?? ''),
    error_summary: firstCharacters(result?.stderr || reason),
    full_output_path: result?.logPath ?? null,
  }
}
