import type { Writable } from 'node:stream'

import { expectAssignable, expectError, expectNotAssignable, expectType } from 'tsd'

import {
  type CleanupReport,
  type EffectiveConfig,
  type EngineMetrics,
  ExecutionEngine,
  ExecutionEngineError,
  ExecutionError,
  type Execution,
  type ExecutionCommand,
  type ExecutionConfig,
  type ExecutionEvent,
  type ExecutionRequest,
  type ExecutionResult,
  type ExecutionStatus,
  type ExecutionSummary,
  type LogEntry,
  type LogLevel,
  type LogRecord,
  Masker,
  type OutputLine,
  type RecoveredExecution,
  type RunOptions,
  setLogger,
} from '../..'
import type { NativeEvent, NativeResult, NativeSummary } from '../../index.js'

const engine = new ExecutionEngine({ maxConcurrentExecutions: 4, retainOutput: 'head_tail' })
const request: ExecutionRequest = { command: { type: 'exec', program: 'git', args: ['status'] } as const }

// By id
expectType<Promise<string>>(engine.execute(request))
expectType<Promise<string>>(engine.execute(request, (event) => expectType<ExecutionEvent>(event)))
expectType<Promise<string>>(engine.execute(request, async () => {}))
expectType<Promise<ExecutionResult>>(engine.waitForCompletion('id'))
expectType<ExecutionStatus>(engine.getStatus('id'))
expectType<ExecutionResult | null>(engine.getResult('id'))
expectType<ExecutionSummary>(engine.getSummary('id'))
expectType<ExecutionSummary[]>(engine.listExecutions())
expectType<ExecutionSummary[]>(engine.listExecutions({ status: 'running' }))
expectError(engine.listExecutions({ status: 'done' }))
expectType<Promise<boolean>>(engine.cancel('id'))
expectType<Promise<string>>(engine.readLogs('id'))
expectType<AsyncIterable<LogRecord>>(engine.readLogs('id', { format: 'records' }))
expectError(engine.readLogs('id', { format: 'xml' }))
expectType<Promise<CleanupReport>>(engine.cleanup())
expectType<Promise<RecoveredExecution[]>>(engine.recover({ stopSurvivors: true }))
expectType<Promise<void>>(engine.shutdown())
expectType<EngineMetrics>(engine.metrics())
expectAssignable<AsyncDisposable>(engine)

expectType<EffectiveConfig>(engine.config)
expectType<number>(engine.config.maxTimeoutMs)
expectType<string | null>(engine.config.logDir)
expectError(engine.config.secrets)
expectError((engine.config.maxTimeoutMs = 1))
expectType<string>(new Masker(['secret']).mask('text'))

// What the native side returns is what the public types say, and the other way round. (Metadata is also passed in,
// where undefined is as good as left out.)
declare const nativeResult: NativeResult
declare const nativeSummary: NativeSummary
declare const publicResult: ExecutionResult
declare const summary: ExecutionSummary
expectAssignable<ExecutionResult>(nativeResult)
expectAssignable<Omit<NativeResult, 'metadata'>>(publicResult)
expectAssignable<ExecutionSummary>(nativeSummary)
expectAssignable<Omit<NativeSummary, 'metadata'>>(summary)
expectAssignable<ExecutionEvent['type']>('queued' as NativeEvent['type'])

// By handle
expectType<Execution<null>>(engine.run('git'))
expectType<Execution<null>>(engine.run('git', ['status'], { timeoutMs: 1 }))
expectType<Execution<null>>(engine.run('git', { timeoutMs: 1 }))
expectType<Execution<null>>(engine.run({ type: 'shell', command: 'ls' }, { stdin: { text: 'text' } }))
expectType<Execution<Writable>>(engine.run('cat', [], { stdin: 'pipe' }))
expectType<Execution<Writable>>(engine.run({ type: 'exec', program: 'cat' }, { stdin: 'pipe' }))
expectType<Writable>(engine.run('cat', { stdin: 'pipe' }).stdin)
expectType<null>(engine.run('cat').stdin)
expectType<Promise<ExecutionResult>>(engine.run('git').result)
expectType<Promise<number>>(engine.run('git').then((result) => result.durationMs))
export const awaited = async (): Promise<void> => {
  expectType<ExecutionResult>(await engine.run('git'))
  for await (const line of engine.run('git')) expectType<OutputLine>(line)
}
expectType<Execution<null, Buffer>>(engine.run('git', ['status'], { encoding: 'buffer' }))
expectType<Execution<Writable, Buffer>>(engine.run('cat', { stdin: 'pipe', encoding: 'buffer' }))
expectType<Execution<null>>(engine.run({ type: 'shell', command: 'ls' }, { encoding: 'latin1' }))
declare const runOptions: RunOptions
expectType<Execution<null>>(engine.run('git', [], runOptions))
expectError(engine.run('git', { encoding: 'hex' }))
export const encoded = async (): Promise<void> => {
  const { stdout, all } = await engine.run('git', { encoding: 'buffer', all: true })
  expectType<Buffer>(stdout)
  expectType<Buffer | undefined>(all)
}
expectAssignable<AsyncDisposable>(engine.run('git'))
expectError(engine.run('git', ['status'], { timeout: 1 }))
expectError(engine.run('git', 'status'))
expectError(engine.run({ type: 'magic' }))

// Requests
expectAssignable<ExecutionCommand>({
  type: 'aws_cli',
  service: 'ec2',
  operation: 'describe-instances',
  region: 'eu-west-1',
})
expectNotAssignable<ExecutionCommand>({ type: 'shell', program: 'ls' })
expectNotAssignable<ExecutionCommand>({ type: 'exec' })
expectAssignable<ExecutionRequest>({ ...request, env: { A: 'b', C: null }, inheritEnv: ['PATH'] })
expectAssignable<ExecutionRequest>({ ...request, env: process.env })
for (const stdin of [new Uint8Array(1), new DataView(new ArrayBuffer(1)), new ArrayBuffer(1)]) {
  expectAssignable<ExecutionRequest>({ ...request, stdin })
  expectAssignable<ExecutionRequest>({ ...request, stdin: { bytes: stdin } })
}
expectAssignable<ExecutionRequest>({ ...request, stdin: { text: 'pipe' } })
expectAssignable<ExecutionRequest>({ ...request, stdin: { bytes: 'cGlwZQ==' } })
expectNotAssignable<ExecutionRequest>({ ...request, stdin: 'text' })
expectNotAssignable<ExecutionRequest>({ ...request, stdin: { text: new Uint8Array(1) } })
expectAssignable<ExecutionRequest>({ ...request, workingDir: new URL('file:///tmp') })
expectType<Execution<null>>(engine.run('env', { env: process.env }))
expectType<Execution<null>>(engine.run('env', [], { env: { ...process.env, A: process.env['B'] } }))
expectNotAssignable<ExecutionRequest>({ ...request, oversizedOutput: 'truncate' })
expectNotAssignable<ExecutionRequest>({})
expectAssignable<RunOptions>({ signal: AbortSignal.timeout(1), reject: true })
declare const maybe: AbortSignal | undefined
expectAssignable<RunOptions>({ signal: maybe, onEvent: undefined, timeoutMs: undefined })
expectAssignable<ExecutionConfig>({ logDir: undefined })
expectNotAssignable<ExecutionConfig>({ logging: 'yes' })

// An event's type tells its fields.
declare const event: ExecutionEvent
if (event.type === 'stdout' || event.type === 'stderr') expectType<string>(event.line)
if (event.type === 'started') expectType<number>(event.pid)
if (event.type === 'output_truncated') expectType<'stdout' | 'stderr'>(event.stream)
if ('result' in event) {
  expectType<'completed' | 'failed' | 'cancelled' | 'timeout'>(event.type)
  expectType<ExecutionResult>(event.result)
}
if (event.type === 'queued') expectError(event.result)

declare const record: LogRecord
if (record.type === 'output') expectType<Uint8Array>(record.bytes)
else expectType<Readonly<Record<string, unknown>>>(record.event)

// Log entries
declare const level: LogLevel
declare const entry: LogEntry
expectType<void>(setLogger('debug', (given) => expectType<LogEntry>(given)))
expectType<void>(setLogger('debug', async () => {}))
expectType<void>(setLogger(level, () => {}))
expectType<void>(setLogger('off'))
expectError(setLogger('debug'))
expectError(setLogger(level))
expectError(setLogger('verbose', () => {}))
expectType<'error' | 'warn' | 'info' | 'debug' | 'trace'>(entry.level)
expectType<string | undefined>(entry.executionId)
expectType<string | number | boolean>(entry.fields['pid'])
expectError((entry.fields['pid'] = 1))

// Errors
declare const error: unknown
if (error instanceof ExecutionEngineError) {
  expectType<string | undefined>(error.field)
  expectAssignable<string>(error.code)
  expectNotAssignable<typeof error.code>('NO_SUCH_CODE')
}
if (error instanceof ExecutionError) expectType<ExecutionResult>(error.result)
