/** `escher-exec list`: executions, as their logs describe them. */
import { numberOf, type Parsed, wordOf } from '../arguments.js'
import { OK } from '../exit-codes.js'
import type { Home } from '../home.js'
import { listLogs, logStatuses, openReader } from '../logs.js'
import { duration, fit, harmless, painter } from '../ui/text.js'

const styles: Readonly<Record<string, 'green' | 'cyan' | 'red' | 'yellow'>> = {
  completed: 'green',
  running: 'cyan',
  cancelled: 'yellow',
  interrupted: 'yellow',
}

export const list = async (parsed: Parsed, home: Home): Promise<number> => {
  const limit = numberOf(parsed, 'limit') ?? 20
  const wanted = wordOf(parsed, 'status', logStatuses)
  await using engine = openReader(home)
  const all = await listLogs(engine)
  const found = all.filter(({ status }) => wanted === undefined || status === wanted).slice(0, limit)
  if (parsed.options['json'] === true) {
    for (const one of found) process.stdout.write(`${JSON.stringify(one)}\n`)
    return OK
  }
  const paint = painter(process.stdout)
  const columns = process.stdout.columns ?? Number.POSITIVE_INFINITY
  for (const { id, command, startedAt, status: is, exitCode, durationMs } of found) {
    const state = paint(styles[is] ?? 'red', is.padEnd(11))
    const time = durationMs === null ? '' : duration(durationMs)
    const started = (startedAt ?? '').slice(0, 19).replace('T', ' ').padEnd(19)
    const row = `${id}  ${started}  ${state} ${String(exitCode ?? '').padStart(3)}  ${time.padStart(7)}  `
    process.stdout.write(`${row}${fit(harmless(command ?? ''), Math.max(20, columns - 88))}\n`)
  }
  if (found.length === 0) process.stderr.write(`no execution to list; logs are in ${home.logs}\n`)
  return OK
}
