/** The logs of the command line's home, whichever program wrote them. */
import { ExecutionEngine, executionStatuses, type LogInfo } from '@escher/execution-engine'
import { UsageError } from './arguments.js'
import type { Home } from './home.js'

/** An engine that only reads. */
export const openReader = (home: Home): ExecutionEngine => new ExecutionEngine({ logDir: home.logs })

export const logStatuses = [...executionStatuses.filter((status) => status !== 'pending'), 'damaged'] as const

/** An execution as its log describes it. */
export interface LoggedExecution {
  id: string
  command: string | null
  startedAt: string | null
  status: (typeof logStatuses)[number]
  exitCode: number | null
  durationMs: number | null
  path: string | null
}

const describe = ({
  id,
  state,
  status,
  command,
  startedAt,
  exitCode,
  durationMs,
  paths,
}: LogInfo): LoggedExecution => ({
  id,
  command,
  startedAt,
  status: state === 'ended' ? (status ?? 'damaged') : state,
  exitCode,
  durationMs,
  path: paths[0] ?? null,
})

/** Newest first. */
export const listLogs = async (engine: ExecutionEngine): Promise<LoggedExecution[]> =>
  (await engine.listLogs()).toReversed().map((log) => describe(log))

/** The one execution whose id begins, or ends, like this. */
export const findLog = async (engine: ExecutionEngine, given: string): Promise<string> => {
  const part = given.toLowerCase()
  const found = (await engine.listLogs()).filter(({ id }) => id.startsWith(part) || id.endsWith(part))
  const [only] = found
  if (only !== undefined && found.length === 1) return only.id
  throw new UsageError(found.length === 0 ? `there is no log of ${given}` : `${given} fits ${found.length} ids`)
}
