import { ExecutionEngine, type ExecutionEvent, type ExecutionResult } from '@escher/execution-engine'

export const listen = (event: ExecutionEvent): string => (event.type === 'stdout' ? event.line : event.executionId)

export const run = async (): Promise<ExecutionResult> => {
  await using engine = new ExecutionEngine({ maxConcurrentExecutions: 2 })
  return await engine.run('git', ['--version'], { timeoutMs: 1000 })
}
