/** The arguments of `run()`: a program, its arguments and options, or a command and options. */
import {
  type ExecutionCommand,
  type HandleOptions,
  type OutputEncoding,
  outputEncodings,
  type RunOptions,
} from '../types.js'
import { commandAsJson, programAsJson } from './command.js'
import { Fields, flag, listener, oneOf, type Own, refuseObject } from './fields.js'
import { reading, refuse, tagOf } from './refuse.js'
import { conditions, type NativeRequest, type Table, withInput, withOwn } from './request.js'

/** By its shape: a signal of another realm (a `vm` context, a test runner) is no instance of this realm's class. */
const isAbortSignal = (value: unknown): value is AbortSignal =>
  typeof value === 'object' &&
  value !== null &&
  'aborted' in value &&
  typeof value.aborted === 'boolean' &&
  'addEventListener' in value &&
  typeof value.addEventListener === 'function' &&
  'removeEventListener' in value &&
  typeof value.removeEventListener === 'function'

const encoding = oneOf(outputEncodings)

/** Of the handle's options, the native side sees the encoding only. */
const handle: Table<keyof HandleOptions> = {
  // Any but UTF-8 is made from bytes, which the native side has to keep.
  encoding: (value, name, given) => {
    const json = encoding(value, name, given)
    return value === 'utf8' ? undefined : json
  },
  signal: (value, name, given) =>
    isAbortSignal(value) ? undefined : refuse(given, name, value, 'allowed is an AbortSignal'),
  reject: (value, name, given) => void flag(value, name, given),
  onEvent: listener,
}

const runOptions = new Fields<keyof RunOptions>({ ...conditions, ...handle })

/** What `run()` was called with. */
export type RunArguments = readonly [
  what: string | ExecutionCommand,
  second?: readonly string[] | RunOptions<OutputEncoding> | undefined,
  third?: RunOptions<OutputEncoding> | undefined,
]

/** The same, sorted. */
export interface Run {
  readonly what: unknown
  /** Of a program. */
  readonly args: unknown
  /** Not checked yet, whatever the type says. */
  readonly options: RunOptions<OutputEncoding> | undefined
  readonly own: Own<keyof RunOptions> | undefined
  /** What was passed as options but is no object of options. */
  readonly wrong: unknown
  /** Arguments after the options. */
  readonly rest: readonly unknown[]
}

/** Whether the caller can only have meant it as options. */
const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && tagOf(value) === 'Object' && !(Symbol.iterator in value)

/** Sorts the arguments of `run()` without checking them. */
export const ownRun = (given: readonly unknown[]): Run =>
  reading('INVALID_REQUEST', 'options', () => {
    const what = given[0]
    const second = given.length > 1 ? given[1] : undefined
    // After a program, anything but options is meant as its arguments.
    const takesArgs = typeof what === 'string' && !runOptions.holds(second) && !isObject(second)
    const at = takesArgs ? 2 : 1
    const options = given.length > at ? given[at] : undefined
    const own = runOptions.holds(options) ? runOptions.own(options) : undefined
    return {
      what,
      args: takesArgs ? second : undefined,
      options: own?.fields as RunOptions<OutputEncoding> | undefined,
      own,
      wrong: own === undefined ? options : undefined,
      rest: given.slice(at + 1),
    }
  })

/** The same as `nativeRequest` for the arguments of `run()`. */
export const nativeRun = (run: Run, known: readonly string[]): NativeRequest =>
  reading('INVALID_REQUEST', 'request', () => {
    const { what, args, own, wrong, rest } = run
    const given = { code: 'INVALID_REQUEST', secrets: withOwn(known, own?.fields.secrets) } as const
    if (wrong !== undefined) return refuseObject(given, 'options', wrong)
    const more = rest.find((each) => each !== undefined)
    if (more !== undefined) return refuse(given, 'options', more, 'there is nothing after the options')
    const command = typeof what === 'string' ? programAsJson(what, args, given) : commandAsJson(what, 'command', given)
    if (own === undefined) return [`{"command":${command}}`, null]
    const fields = runOptions.json(own, '', given)
    const json = fields === '{}' ? '}' : `,${fields.slice(1)}`
    return withInput(`{"command":${command}${json}`, own.fields.stdin, given)
  })
