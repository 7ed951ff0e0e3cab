/** A run as a person sees it: a pure function of its state, the time and the viewport. */
import type { RunState, StepState, StepStatus } from '@escher/execution-manager'
import { duration, fit, harmless, type Paint, padded, type Style } from './text.js'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
/** Lines of output under a running step. */
const OUTPUT_LINES = 3

const marks: Readonly<Record<StepStatus, readonly [string, Style]>> = {
  pending: ['·', 'dim'],
  planned: ['·', 'cyan'],
  waiting_for_approval: ['?', 'yellow'],
  running: ['⠋', 'cyan'],
  retrying: ['↻', 'yellow'],
  completed: ['✔', 'green'],
  failed: ['✖', 'red'],
  skipped: ['↓', 'dim'],
  cancelled: ['◼', 'yellow'],
}

export interface Viewport {
  columns: number
  rows: number
  paint: Paint
}

const isActive = ({ status }: StepState): boolean =>
  status === 'running' || status === 'retrying' || status === 'waiting_for_approval'

const timeOf = (step: StepState, now: number): string => {
  const elapsed = step.durationMs ?? (step.startedAt === null ? null : now - Date.parse(step.startedAt))
  if (elapsed === null) return ''
  const expected = isActive(step) && step.expectedDurationMs !== null ? ` / ~${duration(step.expectedDurationMs)}` : ''
  return `${duration(Math.max(0, elapsed))}${expected}`
}

const stepLine = (step: StepState, now: number, { columns, paint }: Viewport): string => {
  const [mark, style] = marks[step.status]
  const shown = step.status === 'running' ? (FRAMES[Math.floor(now / 80) % FRAMES.length] ?? mark) : mark
  const attempts = step.attempts.length > 1 ? ` (attempt ${step.attempts.length})` : ''
  const time = timeOf(step, now)
  const name = fit(`${harmless(step.name)}${attempts}`, Math.max(8, columns - time.length - 6))
  const text = step.status === 'pending' || step.status === 'skipped' ? paint('dim', name) : name
  return `${paint(style, shown)} ${text}${time === '' ? '' : `  ${paint('dim', time)}`}`
}

const detail = (step: StepState, output: readonly string[], { columns, paint }: Viewport): string[] => {
  const indented = (text: string, style: Style): string =>
    paint(style, `  ${fit(harmless(text), Math.max(8, columns - 3))}`)
  if (step.error !== null && step.status === 'failed') {
    const message = step.result?.stderr.trim().split('\n').at(-1) || step.error.message
    return [indented(message, 'red')]
  }
  return isActive(step) ? output.slice(-OUTPUT_LINES).map((line) => indented(line, 'dim')) : []
}

/** The list during the run. Steps that do not fit are counted, above and below the active ones. */
export const renderLive = (
  state: RunState,
  outputs: ReadonlyMap<string, readonly string[]>,
  now: number,
  viewport: Viewport,
): string => {
  const blocks = state.steps.map((step) => [
    stepLine(step, now, viewport),
    ...detail(step, outputs.get(step.id) ?? [], viewport),
  ])
  // One line each for the two counts, and the last row, where the cursor is.
  const space = Math.max(4, viewport.rows - 3)
  const active = Math.max(0, state.steps.findIndex(isActive))
  let [first, last, height] = [active, active, blocks[active]?.length ?? 0]
  for (;;) {
    const below = blocks[last + 1]
    const above = blocks[first - 1]
    // What comes next matters more than what is done.
    if (below !== undefined && height + below.length <= space && last - active <= active - first) {
      last += 1
      height += below.length
    } else if (above !== undefined && height + above.length <= space) {
      first -= 1
      height += above.length
    } else if (below !== undefined && height + below.length <= space) {
      last += 1
      height += below.length
    } else break
  }
  const { paint } = viewport
  return [
    ...(first > 0 ? [paint('dim', `  … ${first} more above`)] : []),
    ...blocks.slice(first, last + 1).flat(),
    ...(last + 1 < blocks.length ? [paint('dim', `  … ${blocks.length - last - 1} more below`)] : []),
  ].join('\n')
}

const word = (status: StepStatus): string => status.replaceAll('_', ' ')

/** The table at the end. */
export const renderSummary = (state: RunState, durationMs: number, { columns, paint }: Viewport): string => {
  const rows = state.steps.map((step) => {
    const code = step.result?.exitCode ?? step.result?.signal ?? ''
    return { step, cells: [word(step.status), timeOf(step, Date.now()), String(code)] as const }
  })
  const head = ['status', 'time', 'exit'] as const
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map(({ cells }) => cells[column]?.length ?? 0)),
  )
  const rest = widths.reduce((sum, width) => sum + width + 2, 2)
  const longest = Math.max(4, ...rows.map(({ step }) => step.name.length))
  const nameWidth = Math.max(8, Math.min(longest, columns - rest - 2))
  const line = (name: string, cells: readonly string[]): string =>
    `${padded(name, nameWidth)}  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd()
  const counted = (status: StepStatus): number => state.steps.filter((step) => step.status === status).length
  const counts = (['completed', 'failed', 'cancelled', 'skipped', 'planned'] as const)
    .filter((status) => counted(status) > 0)
    .map((status) => paint(marks[status][1], `${counted(status)} ${word(status)}`))
  return [
    paint('bold', `  ${line('step', head)}`),
    ...rows.map(({ step, cells }) => {
      const [mark, style] = marks[step.status]
      return `${paint(style, mark)} ${line(fit(harmless(step.name), nameWidth), cells)}`
    }),
    '',
    `${counts.join(', ')} in ${duration(durationMs)}`,
  ].join('\n')
}
