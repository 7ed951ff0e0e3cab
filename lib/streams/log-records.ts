/** A log's records, page by page. */
import { setTimeout as sleep } from 'node:timers/promises'

import type { NativeEngine, NativeLogPage, NativeLogRecord } from '../../index.js'
import { unwrap } from '../errors.js'
import type { LogRecord } from '../types.js'

const PAGE = 500
const START = '1:0'
const POLL_MS = 100

/** Reads to the end; with `follow`, to the end of the execution. */
export async function* logRecords(
  engine: NativeEngine,
  id: string,
  { isLive, follow }: { isLive: () => boolean; follow: boolean },
): AsyncGenerator<LogRecord, void, undefined> {
  let from = START
  for (;;) {
    // Asked before reading: what is written after the read ends is then read in another round.
    const goesOn = isLive()
    const page = await read(engine, id, from, goesOn)
    for (const record of page.records) yield logRecord(record)
    from = page.next
    if (!page.atEnd) continue
    if (!goesOn || !follow) return
    await sleep(POLL_MS)
  }
}

/** A page. What is live may not have a log yet: it begins with the process. */
const read = async (engine: NativeEngine, id: string, from: string, isLive: boolean): Promise<NativeLogPage> => {
  const page = await engine.readLogRecords(id, from, PAGE)
  if (isLive && 'isFailure' in page && page.code === 'NOT_FOUND') return { records: [], next: from, atEnd: true }
  return unwrap(page)
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
