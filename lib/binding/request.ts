/** Configurations, requests and options as the native side takes them, each looked at first. */
import type { NativeConfig } from '../../index.js'
import type { ExecutionConfig, ExecutionRequest } from '../types.js'
import {
  type Checks,
  check,
  each,
  finite,
  flag,
  isObject,
  listener,
  number,
  oneOf,
  refuse,
  text,
  texts,
} from './validate.js'

const oversizedOutput = oneOf('truncate_with_warning', 'fail_execution', 'stream_to_file')

const config: Checks<keyof ExecutionConfig> = {
  defaultTimeoutMs: number,
  maxTimeoutMs: number,
  killGraceMs: number,
  maxConcurrentExecutions: number,
  maxQueuedExecutions: number,
  maxOutputSizeBytes: number,
  oversizedOutput,
  retainOutput: oneOf('head_tail', 'head', 'tail'),
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

const object = each(() => undefined, 'allowed is an object')

const request: Checks<keyof ExecutionRequest> = {
  id: text,
  command: object,
  env: each((value) => (value === null ? undefined : text(value)), 'allowed is an object of strings and nulls'),
  inheritEnv: (value) => {
    const wrong = typeof value === 'boolean' ? undefined : texts(value)
    return wrong && { ...wrong, allowed: 'allowed is true, false or a list of names' }
  },
  workingDir: text,
  timeoutMs: finite,
  killGraceMs: finite,
  stdin: (value) =>
    value instanceof Uint8Array || typeof value === 'string'
      ? undefined
      : { allowed: "allowed is 'null', 'pipe', a string or a Uint8Array" },
  maxOutputSizeBytes: finite,
  oversizedOutput,
  secrets: texts,
  metadata: object,
}

const metadata: Checks = {
  source: text,
  conversationId: text,
  tags: each(text, 'allowed is an object of strings'),
}

/** The fields of each kind of command; those required come first. */
const commands: Readonly<Record<string, { fields: Checks; required: readonly string[] }>> = {
  exec: { fields: { type: text, program: text, args: texts }, required: ['program'] },
  shell: { fields: { type: text, command: text, shell: text }, required: ['command'] },
  script: { fields: { type: text, path: text, interpreter: text, args: texts }, required: ['path'] },
  aws_cli: {
    fields: { type: text, service: text, operation: text, args: texts, profile: text, region: text },
    required: ['service', 'operation'],
  },
}

/** By its shape: one of another realm (a `vm` context, a test runner) is no instance of this one's class. */
const isAbortSignal = (value: unknown): value is AbortSignal =>
  typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value

/** Options of a handle, apart from its request's. */
const handle: Checks = {
  signal: (value) => (isAbortSignal(value) ? undefined : { allowed: 'allowed is an AbortSignal' }),
  reject: flag,
  onEvent: listener,
}

/** The configuration as the native side takes it. */
export function nativeConfig(given: ExecutionConfig): NativeConfig {
  if (!isObject(given)) refuse('INVALID_CONFIG', 'config', given, 'allowed is an object')
  check('INVALID_CONFIG', '', given, config)
  return given as NativeConfig
}

/**
 * The request as the native side takes it: JSON, and the bytes of its standard input where there are such. `known`:
 * secrets of the engine, which no refusal shows.
 */
export function nativeRequest(
  given: ExecutionRequest,
  known: readonly string[] = [],
): [request: string, stdin: Buffer | null] {
  if (!isObject(given)) refuse('INVALID_REQUEST', 'request', given, 'allowed is an object')
  // What is refused may be a secret itself.
  const own = given.secrets !== undefined && texts(given.secrets) === undefined ? given.secrets : []
  const secrets = own.length > 0 ? [...known, ...own] : known
  check('INVALID_REQUEST', '', given, request, secrets)
  if (given.metadata !== undefined) check('INVALID_REQUEST', 'metadata.', given.metadata, metadata, secrets)
  checkCommand(given.command, secrets)
  return requestAsJson(given)
}

const requestAsJson = (given: ExecutionRequest): [request: string, stdin: Buffer | null] => {
  const { stdin } = given
  // As it is where it can be: a copy costs as much as all the rest.
  if (typeof stdin === 'string' && !stdin.isWellFormed()) {
    return [JSON.stringify({ ...given, stdin: stdin.toWellFormed() }), null]
  }
  if (stdin instanceof Uint8Array) return [JSON.stringify({ ...given, stdin: undefined }), inputBytes(stdin)]
  return [JSON.stringify(given), null]
}

/** Looks at the options of a handle. */
export const checkHandleOptions = (given: object): void => check('INVALID_REQUEST', '', given, handle)

/** Looks at the options of any other call. */
export function checkOptions(given: object, checks: Checks): void {
  if (!isObject(given)) refuse('INVALID_REQUEST', 'options', given, 'allowed is an object')
  check('INVALID_REQUEST', '', given, checks)
}

/** What is written to a standard input. */
export function inputBytes(data: unknown): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  if (data instanceof Uint8Array) return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return refuse('INVALID_REQUEST', 'data', data, 'allowed is a string or a Uint8Array')
}

const checkCommand = (given: unknown, secrets: readonly string[]): void => {
  if (!isObject(given)) return refuse('INVALID_REQUEST', 'command', given, 'it is required', secrets)
  const { type } = given
  const kind = typeof type === 'string' && Object.hasOwn(commands, type) ? commands[type] : undefined
  if (kind === undefined) {
    const known = Object.keys(commands).map((name) => `'${name}'`)
    return refuse('INVALID_REQUEST', 'command.type', type, `allowed are ${known.join(', ')}`, secrets)
  }
  check('INVALID_REQUEST', 'command.', given, kind.fields, secrets)
  for (const name of kind.required) {
    if (given[name] === undefined) refuse('INVALID_REQUEST', `command.${name}`, undefined, 'it is required')
  }
}
