/** The engine as the command line uses it. */
import { ExecutionEngine } from '@escher/execution-engine'
import type { Home } from './home.js'

export const HOUR_MS = 3_600_000
/** What a step may ask for at most. */
export const MAX_TIMEOUT_MS = 24 * HOUR_MS

export const openEngine = async (home: Home): Promise<ExecutionEngine> => {
  await home.make()
  return new ExecutionEngine({ logDir: home.logs, maxTimeoutMs: MAX_TIMEOUT_MS, defaultTimeoutMs: HOUR_MS })
}
