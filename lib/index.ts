/** Runs commands as supervised child processes. The public names. */
export { ExecutionEngine } from './engine.js'
export { type EngineErrorCode, ExecutionEngineError, ExecutionError } from './errors.js'
export { Execution } from './execution.js'
export { type LogEntry, type LogLevel, setLogger } from './logger.js'
export { Masker } from './masker.js'
export * from './types.js'
