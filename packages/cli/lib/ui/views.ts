/** What a run shows: a live list on a terminal, lines elsewhere, JSON for programs. */
import { createLogUpdate } from 'log-update'

import type { PlaybookEvent, PlaybookResult, PlaybookRun, RunState } from '@escher/execution-manager'
import { renderLive, renderSummary, type Viewport } from './render.js'
import { duration, harmless, painter } from './text.js'

export interface View {
  event(event: PlaybookEvent): void
  /** Shows this run from now on. */
  attach(run: PlaybookRun): void
  /** Leaves the terminal to a prompt. */
  pause(): void
  resume(): void
  end(result: PlaybookResult): void
}

const stateOf = ({ runId, playbookId, status, startedAt, completedAt, steps }: PlaybookResult): RunState => ({
  id: runId,
  playbookId,
  status,
  startedAt,
  completedAt,
  steps,
})

export class JsonView implements View {
  event(event: PlaybookEvent): void {
    process.stdout.write(`${JSON.stringify(event)}\n`)
  }

  attach(): void {}
  pause(): void {}
  resume(): void {}
  end(): void {}
}

const viewport = (): Viewport => ({
  columns: process.stdout.columns ?? 100,
  rows: process.stdout.rows ?? 24,
  paint: painter(process.stdout),
})

export class PlainView implements View {
  event(event: PlaybookEvent): void {
    const line = this.#line(event)
    if (line !== undefined) process.stdout.write(`${line}\n`)
  }

  #line(event: PlaybookEvent): string | undefined {
    const { paint } = viewport()
    switch (event.type) {
      case 'playbook_started':
        return paint('bold', `${harmless(event.name)}: ${event.steps.length} steps`)
      case 'step_started':
        return `${paint('cyan', `[${event.stepId}]`)} ${harmless(event.name)}: ${harmless(event.commandLine)}`
      case 'step_output':
        return `${paint('cyan', `[${event.stepId}]`)} ${harmless(event.line)}`
      case 'step_retry':
        return paint(
          'yellow',
          `[${event.stepId}] attempt ${event.attempt} failed (${harmless(event.reason)}), again in ${duration(event.delayMs)}`,
        )
      case 'step_completed':
        return paint('green', `[${event.stepId}] done in ${duration(event.durationMs)}`)
      case 'step_failed':
        return paint(
          'red',
          `[${event.stepId}] ${event.cancelled ? 'cancelled' : 'failed'}: ${harmless(event.error.message)}`,
        )
      case 'step_skipped':
        return paint('dim', `[${event.stepId}] skipped: ${harmless(event.reason)}`)
      case 'rollback_started':
        return paint('yellow', `[${event.stepId}] undone by: ${harmless(event.commandLine)}`)
      case 'rollback_completed':
        return event.error === null
          ? undefined
          : paint('red', `[${event.stepId}] not undone: ${harmless(event.error.message)}`)
      default:
        return undefined
    }
  }

  attach(): void {}
  pause(): void {}
  resume(): void {}

  end(result: PlaybookResult): void {
    process.stdout.write(`\n${renderSummary(stateOf(result), result.durationMs, viewport())}\n`)
  }
}

/** Lines kept per step. */
const KEPT = 10

export class LiveView implements View {
  readonly #update = createLogUpdate(process.stdout)
  readonly #outputs = new Map<string, string[]>()
  #run: PlaybookRun | undefined
  #timer: NodeJS.Timeout | undefined

  event(event: PlaybookEvent): void {
    if (event.type === 'playbook_started') {
      process.stdout.write(`${viewport().paint('bold', harmless(event.name))}\n\n`)
    } else if (event.type === 'step_output') {
      const lines = this.#outputs.get(event.stepId) ?? []
      lines.push(event.line)
      if (lines.length > KEPT) lines.splice(0, lines.length - KEPT)
      this.#outputs.set(event.stepId, lines)
    }
  }

  attach(run: PlaybookRun): void {
    this.#run = run
    this.resume()
  }

  pause(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#update.clear()
    this.#update.done()
  }

  resume(): void {
    this.#timer ??= setInterval(() => this.#draw(), 80)
  }

  #draw(): void {
    if (this.#run) this.#update(renderLive(this.#run.state, this.#outputs, Date.now(), viewport()))
  }

  end(result: PlaybookResult): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#update.clear()
    this.#update.done()
    process.stdout.write(`${renderSummary(stateOf(result), result.durationMs, viewport())}\n`)
    for (const step of result.steps) {
      if (step.error === null || step.status === 'skipped') continue
      process.stdout.write(`\n${viewport().paint('red', harmless(step.name))}: ${harmless(step.error.message)}\n`)
      const lines = step.result?.stderr.trim().split('\n').slice(-KEPT) ?? []
      for (const line of lines) process.stdout.write(`  ${harmless(line)}\n`)
      const log = step.result?.logPath
      if (log !== null && log !== undefined) process.stdout.write(viewport().paint('dim', `  log: ${log}\n`))
    }
  }
}
