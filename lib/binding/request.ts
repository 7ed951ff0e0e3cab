/** Configurations, requests and options as the native side takes them, checked first. */
import {
  type CancelOptions,
  type ExecutionConditions,
  type ExecutionConfig,
  type ExecutionMetadata,
  type ExecutionRequest,
  oversizedOutputStrategies,
  retainOutputs,
} from '../types.js'
import {
  type Field,
  Fields,
  canonicalId,
  executionId,
  flag,
  listener,
  number,
  oneOf,
  path,
  refuseObject,
  text,
  texts,
  textsByName,
  whole,
} from './fields.js'
import { commandAsJson } from './command.js'
import { type Given, reading, refuse } from './refuse.js'
import { input } from './stdin.js'

/** Fields by their names. */
export type Table<Names extends string> = Readonly<Record<Names, Field>>

const oversizedOutput = oneOf(oversizedOutputStrategies)

const config = new Fields<keyof ExecutionConfig>({
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
  logDir: path,
  logging: flag,
  maxLogSizeBytes: number,
  maxLogFiles: number,
  executionRetentionSecs: number,
  maxRetainedExecutions: number,
  logRetentionSecs: number,
  cleanupIntervalSecs: number,
  secrets: texts,
})

const metadata = new Fields<keyof ExecutionMetadata>({
  source: text,
  conversationId: text,
  tags: textsByName('allowed is an object of strings', false),
})

export const conditions: Table<keyof ExecutionConditions> = {
  id: executionId,
  env: textsByName('allowed is an object of strings and nulls', true),
  inheritEnv: (value, name, given) => {
    if (typeof value === 'boolean') return JSON.stringify(value)
    return Array.isArray(value)
      ? texts(value, name, given)
      : refuse(given, name, value, 'allowed is true, false or an array of names')
  },
  workingDir: path,
  timeoutMs: whole("allowed is a whole number of milliseconds, from 1 to the engine's `maxTimeoutMs`"),
  killGraceMs: number,
  killSignal: (value, name, given) =>
    typeof value === 'number'
      ? refuse(given, name, value, 'allowed is the name of a signal, such as `SIGINT`')
      : text(value, name, given),
  // Its bytes travel beside the JSON.
  stdin: (value) => (value === 'pipe' || value === 'null' ? JSON.stringify(value) : undefined),
  maxOutputSizeBytes: number,
  oversizedOutput,
  all: flag,
  rawOutput: flag,
  secrets: texts,
  metadata: (value, name, given) =>
    metadata.holds(value) ? metadata.jsonOf(value, `${name}.`, given) : refuseObject(given, name, value),
}

const request = new Fields<keyof ExecutionRequest>(
  {
    command: commandAsJson,
    ...conditions,
  },
  ['command'],
)

/** A request as the native side takes it: JSON, and the bytes of its standard input if there are any. */
export type NativeRequest = readonly [request: string, stdin: Buffer | null]

/** The configuration as the native side takes it (JSON), and its secrets. */
export const nativeConfig = (object: ExecutionConfig): { json: string; secrets: readonly string[] } =>
  reading('INVALID_CONFIG', 'config', () => {
    const code = 'INVALID_CONFIG'
    if (!config.holds(object)) return refuseObject({ code, secrets: [] }, 'config', object)
    const own = config.own(object)
    const secrets = withOwn([], own.fields.secrets)
    return { json: config.json(own, '', { code, secrets }), secrets }
  })

/** The request as the native side takes it. `known`: secrets of the engine, which no refusal shows. */
export const nativeRequest = (object: ExecutionRequest, known: readonly string[]): NativeRequest =>
  reading('INVALID_REQUEST', 'request', () => {
    const code = 'INVALID_REQUEST'
    if (!request.holds(object)) return refuseObject({ code, secrets: known }, 'request', object)
    const own = request.own(object)
    const given = { code, secrets: withOwn(known, own.fields.secrets) } as const
    return withInput(request.json(own, '', given), own.fields.stdin, given)
  })

export const withInput = (json: string, stdin: unknown, given: Given): NativeRequest => {
  const taken = stdin === undefined ? 'null' : input(stdin, 'stdin', given)
  return [json, typeof taken === 'string' ? null : taken]
}

/** Adds the caller's secrets, even malformed ones: a refused value may be a secret itself. */
export const withOwn = (known: readonly string[], secrets: unknown): readonly string[] => {
  if (secrets === undefined) return known
  const given: readonly unknown[] = Array.isArray(secrets) ? secrets : [secrets]
  return [...known, ...given.filter((secret) => typeof secret === 'string')]
}

/** Checks a listener that is passed alone. */
export const checkListener = (onEvent: unknown, secrets: readonly string[]): void => {
  if (onEvent !== undefined) listener(onEvent, 'onEvent', { code: 'INVALID_REQUEST', secrets })
}

/** A checked copy of the options of any other call. */
export const checkedOptions = <Options extends object>(
  object: Options,
  fields: Fields<keyof Options & string>,
  secrets: readonly string[],
): Options =>
  reading('INVALID_REQUEST', 'options', () => {
    const given = { code: 'INVALID_REQUEST', secrets } as const
    if (!fields.holds(object)) return refuseObject(given, 'options', object)
    const own = fields.own(object)
    fields.json(own, '', given)
    return own.fields as Options
  })

export const cancelOptions = new Fields<keyof CancelOptions>({ force: flag })

/** An id as the engine spells it. */
export function checkedId(id: unknown, secrets: readonly string[]): string {
  const known = typeof id === 'string' ? canonicalId(id) : undefined
  return known ?? refuse({ code: 'INVALID_REQUEST', secrets }, 'id', id, 'allowed is a UUID')
}
