/**
 * Looks at what comes from JavaScript before it crosses: a misspelt option would otherwise be ignored without a word,
 * and a wrong type refused without its name. Ranges are the engine's to check.
 */
import type { NativeConfig, NativeRequest } from '../index.js'
import { ExecutionEngineError } from './errors.js'
import type { ExecutionConfig, ExecutionRequest } from './types.js'

type Code = 'INVALID_CONFIG' | 'INVALID_REQUEST'
/** What would have been accepted; nothing when the value is. */
type Check = (value: unknown) => string | undefined

const oneOf =
  (type: 'string' | 'number' | 'boolean', name: string): Check =>
  (value) =>
    typeof value === type ? undefined : `allowed is ${name}`

const text = oneOf('string', 'a string')
const number = oneOf('number', 'a number')
const flag = oneOf('boolean', 'true or false')
const texts: Check = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? undefined : 'allowed is a list of strings'
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
const values =
  (isValue: (value: unknown) => boolean, allowed: string): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(isValue) ? undefined : allowed
const isText = (value: unknown): boolean => typeof value === 'string'

const config: Record<keyof ExecutionConfig, Check> = {
  defaultTimeoutMs: number,
  maxTimeoutMs: number,
  killGraceMs: number,
  maxConcurrentExecutions: number,
  maxQueuedExecutions: number,
  maxOutputSizeBytes: number,
  oversizedOutput: text,
  retainOutput: text,
  streamOutput: flag,
  logDir: text,
  logging: flag,
  maxLogSizeBytes: number,
  maxLogFiles: number,
  executionRetentionSecs: number,
  maxRetainedExecutions: number,
  logRetentionSecs: number,
  cleanupIntervalSecs: number,
  secrets: texts,
}

const request: Record<keyof ExecutionRequest, Check> = {
  id: text,
  command: (value) => (isObject(value) ? undefined : 'allowed is an object with a `type`'),
  env: values((value) => value === null || isText(value), 'allowed is an object of strings and nulls'),
  inheritEnv: (value) =>
    typeof value === 'boolean' || texts(value) === undefined ? undefined : 'allowed is true, false or a list of names',
  workingDir: text,
  timeoutMs: number,
  killGraceMs: number,
  stdin: (value) =>
    isText(value) || value instanceof Uint8Array ? undefined : "allowed is 'null', 'pipe', a string or a Uint8Array",
  maxOutputSizeBytes: number,
  oversizedOutput: text,
  secrets: texts,
  metadata: (value) => (isObject(value) ? undefined : 'allowed is an object'),
}

const metadata: Record<string, Check> = {
  source: text,
  conversationId: text,
  tags: values(isText, 'allowed is an object of strings'),
}

const commands: Record<string, Record<string, Check>> = {
  exec: { program: text, args: texts },
  shell: { command: text, shell: text },
  script: { path: text, interpreter: text, args: texts },
  aws_cli: { service: text, operation: text, args: texts, profile: text, region: text },
}

const quote = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')

const shown = (value: unknown): string => {
  const plain = typeof value === 'string' ? JSON.stringify(value) : Array.isArray(value) ? 'a list' : String(value)
  return plain.length > 200 ? `${plain.slice(0, 200)}…` : plain
}

const refuse = (code: Code, field: string, value: unknown, allowed: string): never => {
  const what = code === 'INVALID_CONFIG' ? 'configuration' : 'request'
  throw new ExecutionEngineError(code, `invalid ${what}: \`${field}\` is ${shown(value)}: ${allowed}`, {
    field,
    value: shown(value),
  })
}

/** The fields that are set, each looked at. */
const checked = (
  code: Code,
  prefix: string,
  object: object,
  checks: Record<string, Check>,
): Record<string, unknown> => {
  const set = Object.entries(object).filter(([, value]) => value !== undefined)
  for (const [name, value] of set) {
    const field = `${prefix}${name}`
    if (!Object.hasOwn(checks, name)) {
      refuse(code, field, value, `there is no such option; those known are ${quote(Object.keys(checks))}`)
    }
    const allowed = checks[name]?.(value)
    if (allowed !== undefined) refuse(code, field, value, allowed)
  }
  return Object.fromEntries(set)
}

/** The configuration as the native side takes it. */
export function nativeConfig(given: ExecutionConfig): NativeConfig {
  if (!isObject(given)) refuse('INVALID_CONFIG', 'config', given, 'allowed is an object')
  return checked('INVALID_CONFIG', '', given, config)
}

/** The request as the native side takes it. */
export function nativeRequest(given: ExecutionRequest): NativeRequest {
  if (!isObject(given)) refuse('INVALID_REQUEST', 'request', given, 'allowed is an object')
  const { stdin, command, ...rest } = checked('INVALID_REQUEST', '', given, request)
  if (rest['metadata'] !== undefined) {
    rest['metadata'] = checked('INVALID_REQUEST', 'metadata.', rest['metadata'] as object, metadata)
  }
  return { ...rest, ...nativeStdin(stdin), command: nativeCommand(command) }
}

const nativeCommand = (given: unknown): NativeRequest['command'] => {
  if (!isObject(given)) return refuse('INVALID_REQUEST', 'command', given, 'allowed is an object with a `type`')
  const { type, ...fields } = given
  const checks = typeof type === 'string' && Object.hasOwn(commands, type) ? commands[type] : undefined
  if (checks === undefined) {
    return refuse('INVALID_REQUEST', 'command.type', type, `allowed are ${quote(Object.keys(commands))}`)
  }
  const [required, second] = Object.keys(checks)
  for (const name of type === 'aws_cli' ? [required, second] : [required]) {
    if (name !== undefined && fields[name] === undefined) {
      refuse('INVALID_REQUEST', `command.${name}`, undefined, 'it is required')
    }
  }
  return { ...checked('INVALID_REQUEST', 'command.', fields, checks), type: String(type) }
}

const nativeStdin = (stdin: unknown): Pick<NativeRequest, 'stdinBytes' | 'stdinPipe'> => {
  if (stdin === undefined || stdin === 'null') return {}
  if (stdin === 'pipe') return { stdinPipe: true }
  if (stdin instanceof Uint8Array) return { stdinBytes: Buffer.from(stdin.buffer, stdin.byteOffset, stdin.byteLength) }
  return { stdinBytes: Buffer.from(String(stdin)) }
}
