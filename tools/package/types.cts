import { ExecutionEngine, ExecutionEngineError } from '@escher/execution-engine'

export const run = async (): Promise<number | null> => {
  const engine = new ExecutionEngine()
  try {
    return (await engine.run({ type: 'shell', command: 'exit 3' })).exitCode
  } catch (error) {
    if (error instanceof ExecutionEngineError) return null
    throw error
  }
}
