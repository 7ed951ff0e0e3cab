/** Writes an audit record of each step. */
import { randomUUID } from 'node:crypto'

import type { Step } from '../playbook/step.js'
import { type Mask, planned, type StepCommand, typedCommand, writtenCommand } from '../template/command.js'
import type { AuditRecord } from './audit-record.js'
import type { StepOutcome } from './outcome.js'
import type { PlaybookRunOptions } from './options.js'

const SUMMARY_LENGTH = 500

/** Cuts between characters, never inside a surrogate pair. */
const summary = (text: string): string =>
  text.length <= SUMMARY_LENGTH
    ? text
    : Array.from(text.slice(0, SUMMARY_LENGTH * 2))
        .slice(0, SUMMARY_LENGTH)
        .join('')

/** The audit of one run. */
export class Audit {
  /** The sink's exceptions, by step. */
  readonly errors: string[] = []
  readonly #options: Pick<PlaybookRunOptions, 'records' | 'conversationId'>
  readonly #mask: Mask

  constructor(options: Pick<PlaybookRunOptions, 'records' | 'conversationId'>, mask: Mask) {
    this.#options = options
    this.#mask = mask
  }

  /** Writes down how a step ended. `source`: the command it was to run. Never throws. */
  async record(step: Step, source: StepCommand, outcome: StepOutcome): Promise<void> {
    const { records } = this.#options
    if (records === undefined) return
    try {
      await records.write(this.#record(source, outcome))
    } catch (error) {
      this.errors.push(`step \`${step.id}\`: ${(error as Error).message}`)
    }
  }

  #record(source: StepCommand, { ending, filled, startedAt, completedAt, durationMs }: StepOutcome): AuditRecord {
    const command = filled ? typedCommand(planned(filled, this.#mask)) : this.#mask(writtenCommand(source))
    const result = ending.kind === 'skipped' ? null : ending.result
    const reason = ending.kind === 'skipped' ? ending.reason : ending.kind === 'completed' ? '' : ending.error.message
    return {
      id: result?.id ?? randomUUID(),
      conversation_id: this.#options.conversationId ?? null,
      command,
      command_type: source.kind,
      status: ending.kind === 'failed' && result?.status === 'timeout' ? 'timeout' : ending.kind,
      started_at: startedAt,
      completed_at: completedAt,
      duration_sec: durationMs / 1000,
      exit_code: result?.exitCode ?? null,
      output_summary: summary(result?.stdout ?? ''),
      error_summary: summary(result?.stderr || reason),
      full_output_path: result?.logPath ?? null,
    }
  }
}
