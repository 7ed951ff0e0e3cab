/** From a batch, as it crosses the FFI boundary, to one event at a time, in order. */
import type { NativeEvent } from '../../index.js'
import { notify } from '../support/index.js'
import { isoTime } from './timestamps.js'
import type { EventListener, ExecutionEvent, ExecutionResult, OutputStream, TerminalEvent } from '../types.js'

const STDERR = 1
const PARTIAL = 2
const EVENT = 4
/** Numbers in a row of a batch. */
export const COLUMNS = 4
/** Which of them is the time, in milliseconds since 1970. */
const TIME = 3

/** Receives the lines and events of one execution. */
export interface Subscriber {
  line(stream: OutputStream, text: string, partial: boolean, timestamp: string): void
  event(event: ExecutionEvent): void
}

/** The live executions, by the number that stands for each in batches. */
export interface Executions {
  byNumber(number: number): { id: string; subscriber: Subscriber | undefined; start(pid: number): void } | undefined
  ended(number: number, result: ExecutionResult): void
}

/** What crosses the FFI boundary in one call. */
export interface Batch {
  /** Every line, each followed by `\n`. */
  text: string
  /** The execution's number, the kind, how many of the next lines or which event, and when. */
  rows: Float64Array
  /** How many rows there are. */
  count: number
  /** Every event that is not a line. */
  events: readonly NativeEvent[] | null
}

/** An own `result`: an inherited one ends nothing. */
export const isTerminal = (event: ExecutionEvent): event is TerminalEvent => Object.hasOwn(event, 'result')

/** Passes each line and event of a batch to its execution's subscriber. */
export function dispatch({ text, rows, count: rowCount, events }: Batch, executions: Executions): void {
  // Where the next line begins. (`split` takes up to twice as long, and needs an array of all lines.)
  let begin = 0
  let time = 0
  let timestamp = ''
  for (let at = 0; at < rowCount * COLUMNS; at += COLUMNS) {
    const number = rows[at] ?? 0
    const kind = rows[at + 1] ?? 0
    const count = rows[at + 2] ?? 0
    const found = executions.byNumber(number)
    // Most rows of a batch are of the same millisecond, and formatting it costs more than the row.
    if (rows[at + TIME] !== time) {
      time = rows[at + TIME] ?? 0
      timestamp = isoTime(time)
    }
    if ((kind & EVENT) !== 0) {
      const event = found && executionEvent(events?.[count], found.id, timestamp)
      if (event === undefined) continue
      if (event.type === 'started') found?.start(event.pid)
      if (isTerminal(event)) executions.ended(number, event.result)
      found?.subscriber?.event(event)
      continue
    }
    const subscriber = found?.subscriber
    const stream = (kind & STDERR) === 0 ? 'stdout' : 'stderr'
    const partial = (kind & PARTIAL) !== 0
    for (let left = count; left > 0; left -= 1) {
      const end = text.indexOf('\n', begin)
      subscriber?.line(stream, text.substring(begin, end), partial, timestamp)
      begin = end + 1
    }
  }
}

const executionEvent = (
  native: NativeEvent | undefined,
  executionId: string,
  timestamp: string,
): ExecutionEvent | undefined => {
  if (native === undefined) return undefined
  const { type, pid = 0, command = '', stream = 'stdout', limitBytes = 0, message = '', result } = native
  const base = { executionId, timestamp }
  switch (type) {
    case 'queued':
      return { type, ...base }
    case 'started':
      return { type, ...base, pid, command }
    case 'output_truncated':
      return { type, ...base, stream, limitBytes }
    case 'warning':
      return { type, ...base, message }
    default:
      return result && { type, ...base, result }
  }
}

/** A listener as a subscriber. Its exceptions affect neither other executions nor the rest of the batch. */
export const listening = (executionId: string, listener: EventListener): Subscriber => ({
  line: (type, line, partial, timestamp) => notify(listener, { type, executionId, timestamp, line, partial }),
  event: (event) => notify(listener, event),
})
