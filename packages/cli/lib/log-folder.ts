/** Logs in a folder, whoever wrote them: the first line and the last one say what there is to list. */
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { UsageError } from './arguments.js'

const HEADER = '#execlog/1 '
const FOOTER = '#end '
const NAME = /^([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\.log$/
/** A footer is not longer: its error's message is bounded. */
const LAST_BYTES = 64 * 1024

export interface LoggedExecution {
  id: string
  command: string
  startedAt: string
  /** `running`: no end yet, and its host lives. `interrupted`: no end, and nobody to write one. */
  status: string
  exitCode: number | null
  durationMs: number | null
  path: string
}

interface Header {
  command: string
  started_at: string
  host: { pid: number }
}

interface Footer {
  status: string
  exit_code: number | null
  duration_ms: number
}

const parsed = <T>(line: string | undefined, mark: string): T | undefined => {
  if (!line?.startsWith(mark)) return undefined
  try {
    return JSON.parse(line.slice(mark.length)) as T
  } catch {
    return undefined
  }
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const part = (path: string, number: number): string => (number === 1 ? path : path.replace(/\.log$/, `.${number}.log`))

/** The parts of a log that are there, in order. */
export const partsOf = async (folder: string, id: string): Promise<string[]> => {
  const numbers = (await readdir(folder)).flatMap((name) => {
    if (name === `${id}.log`) return [1]
    const [, digits] = name.startsWith(id) ? (/\.(\d+)\.log$/.exec(name.slice(id.length)) ?? []) : []
    return digits === undefined ? [] : [Number(digits)]
  })
  const path = join(folder, `${id}.log`)
  return numbers.toSorted((a, b) => a - b).map((number) => part(path, number))
}

const edge = async (path: string, from: 'first' | 'last'): Promise<string[]> => {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const length = Math.min(size, LAST_BYTES)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from === 'first' ? 0 : size - length)
    return buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n')
  } finally {
    await file.close()
  }
}

/** The process that writes, or wrote, a log. */
export const hostOf = async (path: string): Promise<number | undefined> =>
  parsed<Header>((await edge(path, 'first'))[0], HEADER)?.host.pid

const footerOf = async (path: string): Promise<Footer | undefined> =>
  parsed<Footer>((await edge(path, 'last')).at(-1), FOOTER)

/** Whether a log was brought to its end in this part. */
export const hasEnd = async (path: string): Promise<boolean> => (await footerOf(path)) !== undefined

const describe = async (folder: string, id: string): Promise<LoggedExecution | undefined> => {
  const path = join(folder, `${id}.log`)
  const header = parsed<Header>((await edge(path, 'first'))[0], HEADER)
  if (header === undefined) return undefined
  const last = (await partsOf(folder, id)).at(-1) ?? path
  const footer = await footerOf(last)
  return {
    id,
    command: header.command,
    startedAt: header.started_at,
    status: footer?.status ?? (isAlive(header.host.pid) ? 'running' : 'interrupted'),
    exitCode: footer?.exit_code ?? null,
    durationMs: footer?.duration_ms ?? null,
    path,
  }
}

const ids = async (folder: string): Promise<string[]> => {
  try {
    return (await readdir(folder)).flatMap((name) => NAME.exec(name)?.[1] ?? [])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** The newest first, by their last write. */
export const listLogs = async function* (folder: string): AsyncGenerator<LoggedExecution> {
  const written = await Promise.all(
    (await ids(folder)).map(async (id) => {
      const file = await stat(join(folder, `${id}.log`)).catch(() => {})
      return { id, at: file?.mtimeMs ?? 0 }
    }),
  )
  for (const { id } of written.toSorted((a, b) => b.at - a.at || b.id.localeCompare(a.id))) {
    // Deleted meanwhile, by retention: no longer there to be listed.
    const found = await describe(folder, id).catch(() => {})
    if (found) yield found
  }
}

/** The one execution whose id begins, or ends, like this. */
export const findLog = async (folder: string, begin: string): Promise<string> => {
  const all = await ids(folder)
  const found = all.filter((id) => id.startsWith(begin.toLowerCase()) || id.endsWith(begin.toLowerCase()))
  const [only] = found
  if (only !== undefined && found.length === 1) return only
  throw new UsageError(
    found.length === 0 ? `there is no log of ${begin}` : `${begin} is the beginning of ${found.length} ids`,
  )
}
