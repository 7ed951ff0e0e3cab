/** `escher-exec logs`: what an execution wrote, also one of another program, also while it runs. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { type Parsed, UsageError } from '../arguments.js'
import { OK } from '../exit-codes.js'
import type { Home } from '../home.js'
import { findLog, hasEnd, hostOf, isAlive, partsOf } from '../log-folder.js'

const PREFIX = 31
const POLL_MS = 100

/** The log's lines as they are in its files; with `follow`, until its end is written or its writer is gone. */
const lines = async function* (folder: string, id: string, follow: boolean): AsyncGenerator<Buffer> {
  const host = await hostOf(join(folder, `${id}.log`))
  let rest = Buffer.alloc(0)
  let isOver = !follow
  for (let index = 0; ; index += 1) {
    const path = (await partsOf(folder, id))[index]
    if (path === undefined) return
    await using file = await open(path, 'r')
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(64 * 1024))
      if (bytesRead > 0) {
        rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
        for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
          yield rest.subarray(0, end)
          rest = rest.subarray(end + 1)
        }
        continue
      }
      if ((await partsOf(folder, id)).length > index + 1) break
      if (isOver) return
      isOver = (await hasEnd(path)) || host === undefined || !isAlive(host)
      // When it is over there is one more look: what was written last is not missed.
      if (!isOver) await pause(POLL_MS)
    }
  }
}

const record = (line: Buffer): object | undefined => {
  if (line.length < PREFIX || line[0] === 35) return undefined
  const kind = String.fromCharCode(line[28] ?? 0)
  const text = line.toString('utf8', PREFIX)
  const timestamp = line.toString('latin1', 0, 27)
  if (kind === '#') return { timestamp, type: 'event', event: JSON.parse(text) as unknown }
  return { timestamp, type: 'output', stream: kind === 'E' ? 'stderr' : 'stdout', partial: line[29] === 43, text }
}

export const logs = async ({ options, operands }: Parsed, home: Home): Promise<number> => {
  const [given] = operands
  if (given === undefined) throw new UsageError('logs needs one id')
  const id = await findLog(home.logs, given)
  for await (const line of lines(home.logs, id, options['follow'] === true)) {
    if (options['raw'] === true) {
      process.stdout.write(Buffer.concat([line, Buffer.from('\n')]))
    } else if (options['json'] === true) {
      const found = record(line)
      if (found) process.stdout.write(`${JSON.stringify(found)}\n`)
    } else if (line[0] !== 35 && line[28] !== 35 && line.length >= PREFIX) {
      const to = line[28] === 69 ? process.stderr : process.stdout
      to.write(line[29] === 43 ? line.subarray(PREFIX) : Buffer.concat([line.subarray(PREFIX), Buffer.from('\n')]))
    }
  }
  return OK
}
