/** `escher-exec logs`: what an execution wrote, also one of another program, also while it runs. */
import { createReadStream } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

import type { ExecutionEngine, LogRecord } from '@escher/execution-engine'
import { type Parsed, UsageError } from '../arguments.js'
import { OK } from '../exit-codes.js'
import type { Home } from '../home.js'
import { findLog, openReader } from '../logs.js'

const POLL_MS = 100

/** The log's files as they are. */
async function* rawLog(engine: ExecutionEngine, id: string, follow: boolean): AsyncGenerator<Buffer> {
  const read = new Map<string, number>()
  for (;;) {
    // Looked at before reading: what ended before the look is read to its end.
    const log = (await engine.listLogs()).find((one) => one.id === id)
    for (const path of log?.paths ?? []) {
      try {
        for await (const chunk of createReadStream(path, { start: read.get(path) ?? 0 }) as AsyncIterable<Buffer>) {
          read.set(path, (read.get(path) ?? 0) + chunk.length)
          yield chunk
        }
      } catch (error) {
        // Rotation may drop a part between the look and the read.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
    if (!follow || log?.state !== 'running') return
    await pause(POLL_MS)
  }
}

const showRecord = (record: LogRecord): void => {
  const { bytes: _, ...shown } = { bytes: undefined, ...record }
  process.stdout.write(`${JSON.stringify(shown)}\n`)
}

const showOutput = (record: LogRecord): void => {
  if (record.type !== 'output') return
  const { stream, bytes, partial } = record
  process[stream].write(partial ? bytes : Buffer.concat([bytes, Buffer.from('\n')]))
}

export const logs = async ({ options, operands }: Parsed, home: Home): Promise<number> => {
  const [given] = operands
  if (given === undefined) throw new UsageError('logs needs one id')
  await using engine = openReader(home)
  const id = await findLog(engine, given)
  const follow = options['follow'] === true
  if (options['raw'] === true) {
    for await (const chunk of rawLog(engine, id, follow)) process.stdout.write(chunk)
    return OK
  }
  const show = options['json'] === true ? showRecord : showOutput
  for await (const record of engine.readLogs(id, { format: 'records', follow })) show(record)
  return OK
}
