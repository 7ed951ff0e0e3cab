/** A log's records, page by page. */
import type { NativeEngine, NativeLogPage, NativeLogRecord } from '../../index.js'
import { unwrap } from '../errors.js'
import type { LogRecord } from '../types.js'

const PAGE = 500
const START = '1:0'

/** Reads to the end of what is written; with `follow`, to the end of the log. */
export async function* logRecords(
  engine: NativeEngine,
  id: string,
  follow: boolean,
): AsyncGenerator<LogRecord, void, undefined> {
  for (let from = START; ;) {
    const page = unwrap<NativeLogPage>(await engine.readLogRecords(id, from, PAGE, follow))
    for (const record of page.records) yield logRecord(record)
    if (follow ? page.hasEnded : page.atEnd) return
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
