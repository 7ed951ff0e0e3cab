/** Configurations, requests and options as the native side takes them, each looked at first. */
import {
  type ExecutionCommand,
  type ExecutionConditions,
  type ExecutionConfig,
  type ExecutionMetadata,
  type ExecutionRequest,
  type HandleOptions,
  type RunOptions,
  oversizedOutputStrategies,
  retainOutputs,
} from '../types.js'
import {
  type Checks,
  canonicalId,
  check,
  each,
  executionId,
  flag,
  isObject,
  listener,
  number,
  oneOf,
  reading,
  refuse,
  text,
  texts,
} from './validate.js'

const oversizedOutput = oneOf(oversizedOutputStrategies)

const config: Checks<keyof ExecutionConfig> = {
  defaultTimeoutMs: number,
  maxTimeoutMs: number,
  killGraceMs: number,
  maxConcurrentExecutions: number,
  maxQueuedExecutions: number,
  maxOutputSizeBytes: number,
  oversizedOutput,
  retainOutput: oneOf(retainOutputs),
  maxSpillBytes: number,
  minFreeBytes: number,
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

const conditions: Checks<keyof ExecutionConditions> = {
  id: executionId,
  env: each(
    (value) => (value === null || value === undefined ? undefined : text(value)),
    'allowed is an object of strings and nulls',
  ),
  inheritEnv: (value) => {
    const wrong = typeof value === 'boolean' ? undefined : texts(value)
    return wrong && { ...wrong, allowed: 'allowed is true, false or an array of names' }
  },
  workingDir: text,
  timeoutMs: number,
  killGraceMs: number,
  stdin: (value) =>
    value instanceof Uint8Array || typeof value === 'string'
      ? undefined
      : { allowed: "allowed is 'null', 'pipe', a string or a Uint8Array" },
  maxOutputSizeBytes: number,
  oversizedOutput,
  secrets: texts,
  metadata: object,
}

const request: Checks<keyof ExecutionRequest> = { command: object, ...conditions }

const metadata: Checks<keyof ExecutionMetadata> = {
  source: text,
  conversationId: text,
  tags: each(text, 'allowed is an object of strings'),
}

type CommandChecks = {
  readonly [Type in ExecutionCommand['type']]: {
    readonly fields: Checks<keyof Extract<ExecutionCommand, { type: Type }> & string>
    readonly required: readonly string[]
  }
}

/** The fields of each type of command. */
const commands: CommandChecks = {
  exec: { fields: { type: text, program: text, args: texts }, required: ['program'] },
  shell: { fields: { type: text, command: text, shell: text }, required: ['command'] },
  script: { fields: { type: text, path: text, interpreter: text, args: texts }, required: ['path'] },
  aws_cli: {
    fields: { type: text, service: text, operation: text, args: texts, profile: text, region: text },
    required: ['service', 'operation'],
  },
}

const isCommandType = (type: unknown): type is keyof typeof commands =>
  typeof type === 'string' && Object.hasOwn(commands, type)

/** By its shape: one of another realm (a `vm` context, a test runner) is no instance of this one's class. */
const isAbortSignal = (value: unknown): value is AbortSignal =>
  typeof value === 'object' &&
  value !== null &&
  'aborted' in value &&
  typeof value.aborted === 'boolean' &&
  'addEventListener' in value &&
  typeof value.addEventListener === 'function' &&
  'removeEventListener' in value &&
  typeof value.removeEventListener === 'function'

const handle: Checks<keyof HandleOptions> = {
  signal: (value) => (isAbortSignal(value) ? undefined : { allowed: 'allowed is an AbortSignal' }),
  reject: flag,
  onEvent: listener,
}

const runOptions: Checks<keyof RunOptions> = { ...conditions, ...handle }

/** A request as the native side takes it: JSON, and the bytes of its standard input where there are such. */
export type NativeRequest = readonly [request: string, stdin: Buffer | null]

/**
 * The configuration as the native side takes it: JSON; and its secrets. It is copied first, as are requests and
 * options: each field is read once, so that what was checked is what counts.
 */
export const nativeConfig = (given: ExecutionConfig): { json: string; secrets: readonly string[] } =>
  reading('INVALID_CONFIG', 'config', () => {
    if (!isObject(given)) refuse('INVALID_CONFIG', 'config', given, 'allowed is an object', [])
    const own = { ...given }
    check('INVALID_CONFIG', '', own, config, withOwn([], own))
    return { json: JSON.stringify(own), secrets: [...(own.secrets ?? [])] }
  })

/** The request as the native side takes it. `known`: secrets of the engine, which no refusal shows. */
export const nativeRequest = (given: ExecutionRequest, known: readonly string[]): NativeRequest =>
  reading('INVALID_REQUEST', 'request', () => {
    if (!isObject(given)) refuse('INVALID_REQUEST', 'request', given, 'allowed is an object', known)
    const own = { ...given }
    const secrets = withOwn(known, own)
    checkConditions(own, request, secrets)
    checkCommand(own.command, secrets)
    return requestAsJson(own, secrets)
  })

/** What `run()` was called with. */
export type RunArguments = readonly [
  what: string | ExecutionCommand,
  second?: readonly string[] | RunOptions | undefined,
  third?: RunOptions | undefined,
]

/** A copy of the options among the arguments of `run()`, not checked yet. */
export const ownOptions = ([what, second, third]: RunArguments): RunOptions | undefined =>
  reading('INVALID_REQUEST', 'options', () => {
    const given = takesArgs(what, second) ? third : second
    return isObject(given) ? { ...given } : given
  })

/** The same as `nativeRequest` for the arguments of `run()`; `options`: those among them. */
export const nativeRun = (
  given: RunArguments,
  options: RunOptions | undefined,
  known: readonly string[],
): NativeRequest => reading('INVALID_REQUEST', 'request', () => runAsJson(given, options, known))

const runAsJson = (
  [what, second, third]: RunArguments,
  options: RunOptions | undefined,
  known: readonly string[],
): NativeRequest => {
  const command = takesArgs(what, second)
    ? { type: 'exec', program: what, args: second }
    : typeof what === 'string'
      ? { type: 'exec', program: what }
      : what
  if (options === undefined) {
    checkCommand(command, known)
    return [JSON.stringify({ command }), null]
  }
  if (!isObject(options)) refuse('INVALID_REQUEST', 'options', options, 'allowed is an object', known)
  const secrets = withOwn(known, options)
  if (!takesArgs(what, second) && third !== undefined) {
    refuse('INVALID_REQUEST', 'options', third, 'they were given before', secrets)
  }
  checkConditions(options, runOptions, secrets)
  checkCommand(command, secrets)
  return requestAsJson({ ...options, signal: undefined, reject: undefined, onEvent: undefined, command }, secrets)
}

/** Whatever follows a program and is not its options is meant to be its arguments. */
const takesArgs = (what: unknown, second: unknown): second is readonly string[] | undefined =>
  typeof what === 'string' && !isObject(second)

/** What is refused may be a secret itself, also where the secrets are given wrongly. */
export const withOwn = (known: readonly string[], { secrets }: { secrets?: unknown }): readonly string[] => {
  if (secrets === undefined) return known
  const given: readonly unknown[] = Array.isArray(secrets) ? secrets : [secrets]
  return [...known, ...given.filter((secret) => typeof secret === 'string')]
}

const checkConditions = (given: ExecutionConditions, checks: Checks, secrets: readonly string[]): void => {
  check('INVALID_REQUEST', '', given, checks, secrets)
  if (given.metadata !== undefined) check('INVALID_REQUEST', 'metadata.', given.metadata, metadata, secrets)
}

const requestAsJson = (given: RunOptions & { command: unknown }, secrets: readonly string[]): NativeRequest => {
  const { stdin } = given
  // As it is where it can be: a copy costs as much as all the rest.
  if (typeof stdin === 'string' && !stdin.isWellFormed()) {
    return [JSON.stringify({ ...given, stdin: stdin.toWellFormed() }), null]
  }
  if (stdin instanceof Uint8Array)
    return [JSON.stringify({ ...given, stdin: undefined }), inputBytes(stdin, secrets, 'stdin')]
  return [JSON.stringify(given), null]
}

/** Checks a listener that is given alone. */
export const checkListener = (onEvent: unknown, secrets: readonly string[]): void =>
  check('INVALID_REQUEST', '', { onEvent }, handle, secrets)

/** A copy of the options of any other call, checked. */
export const checkedOptions = <Options extends object>(
  given: Options,
  checks: Checks<keyof Options & string>,
  secrets: readonly string[],
): Options =>
  reading('INVALID_REQUEST', 'options', () => {
    if (!isObject(given)) refuse('INVALID_REQUEST', 'options', given, 'allowed is an object', secrets)
    const own = { ...given }
    check('INVALID_REQUEST', '', own, checks, secrets)
    return own
  })

/** An id as the engine spells it. */
export function checkedId(id: unknown, secrets: readonly string[]): string {
  const known = typeof id === 'string' ? canonicalId(id) : undefined
  return known ?? refuse('INVALID_REQUEST', 'id', id, 'allowed is a UUID', secrets)
}

/** What is written to a standard input. */
export function inputBytes(data: unknown, secrets: readonly string[], field = 'data'): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  if (data instanceof Uint8Array) {
    // A buffer that was transferred to another thread cannot be read.
    return reading('INVALID_REQUEST', field, () => Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  }
  return refuse('INVALID_REQUEST', field, data, 'allowed is a string or a Uint8Array', secrets)
}

const checkCommand = (given: unknown, secrets: readonly string[]): void => {
  if (!isObject(given)) return refuse('INVALID_REQUEST', 'command', given, 'it is required', secrets)
  const { type } = given
  if (!isCommandType(type)) {
    const known = Object.keys(commands).map((name) => `'${name}'`)
    return refuse('INVALID_REQUEST', 'command.type', type, `allowed are ${known.join(', ')}`, secrets)
  }
  const { fields, required } = commands[type]
  check('INVALID_REQUEST', 'command.', given, fields, secrets)
  for (const name of required) {
    if (given[name] === undefined) refuse('INVALID_REQUEST', `command.${name}`, undefined, 'it is required', secrets)
  }
}
