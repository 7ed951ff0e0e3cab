/** A log's records, page by page. */
import type { NativeEngine, NativeFailure, NativeLogFollower, NativeLogPage, NativeLogRecord } from '../../index.js'
import { unwrap } from '../errors.js'
import type { LogRecord } from '../types.js'

const PAGE = 500
const START = '1:0'

type Records = AsyncGenerator<LogRecord, void, undefined>
type Answer = NativeFailure | NativeLogPage

/** Reads to the end of what is written; with `follow`, to the end of the log, or until the iterator is closed. */
export const logRecords = (engine: NativeEngine, id: string, follow: boolean): Records => {
  if (!follow) return inPages((from) => engine.readLogRecords(id, from, PAGE), 'atEnd')
  const follower = unwrap<NativeLogFollower>(engine.followLog(id))
  const records = inPages((from) => follower.next(from, PAGE), 'hasEnded')
  // A waiting generator would handle `return()` only after its wait.
  const end = records.return.bind(records)
  records.return = (value) => {
    follower.stop()
    return end(value)
  }
  return records
}

async function* inPages(read: (from: string) => Promise<Answer>, last: 'atEnd' | 'hasEnded'): Records {
  for (let from = START; ;) {
    const page = unwrap<NativeLogPage>(await read(from))
    for (const record of page.records) yield logRecord(record)
    if (page[last]) return
    from = page.next
  }
}

const logRecord = ({ type, timestamp, stream, text, bytes, partial, event }: NativeLogRecord): LogRecord =>
  type === 'event'
    ? { type, timestamp, event: JSON.parse(event ?? '{}') as Record<string, unknown> }
    : {
        type,
        timestamp,
        stream: stream ?? 'stdout',
        text: text ?? '',
        bytes: bytes ?? new Uint8Array(),
        partial: partial ?? false,
      }
