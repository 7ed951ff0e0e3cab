/** The environment that children inherit: `process.env` of this thread, as it is at the call. */
import { subscribe } from 'node:diagnostics_channel'
import { types } from 'node:util'

import type { NativeEnvironment } from '../../index.js'
import { native } from './load.js'

type Variables = Readonly<Record<string, unknown>>

/** Node's own `process.env` has a prototype of its own. An object that replaces it has none, or `Object.prototype`. */
const isOfNode = (env: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(env)
  return prototype instanceof Object && Object.getPrototypeOf(prototype) !== null && !types.isProxy(env)
}

/** Whether this is Node, where `process.env` is the process's environment. In Electron: its main process. */
const isNode = (): boolean => {
  const { release, versions } = process
  const kind: unknown = Reflect.get(process, 'type')
  const isOther = 'bun' in versions || 'deno' in versions || (kind !== undefined && kind !== 'browser')
  return release?.name === 'node' && !isOther
}

/** Whether this may be a worker thread, which has loaded that module itself, or a thread that already has workers. */
const mayKnowWorkers = (): boolean => {
  const loaded: unknown = Reflect.get(process, 'moduleLoadList')
  return !Array.isArray(loaded) || loaded.includes('NativeModule worker_threads')
}

/** The worker threads that may be alive: with `SHARE_ENV` they can change this thread's environment at any moment. */
let workers: object[] = []

const isAlive = (worker: object): boolean => Reflect.get(worker, 'threadId') !== -1

const aliveWorkers = (): object[] => (workers = workers.filter(isAlive))

/**
 * `process.env`, if it is the process's environment and only this thread changes it. The addon then checks for changes
 * itself, in a microsecond. JavaScript takes as long for each variable, because Node makes a string of it.
 */
const readable = isNode() && !mayKnowWorkers() && isOfNode(process.env) ? process.env : undefined

if (readable !== undefined) {
  subscribe('worker_threads', (message) => {
    const worker: unknown = Reflect.get(Object(message), 'worker')
    if (typeof worker === 'object' && worker !== null) workers = [...aliveWorkers(), worker]
  })
}

/** Names and values, alternating. */
const read = (env: Variables): string[] => {
  const variables: string[] = []
  for (const name of Object.keys(env)) {
    const value = env[name]
    // Another thread has removed it meanwhile.
    if (value !== undefined) variables.push(name, String(value))
  }
  return variables
}

const isSame = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((text, at) => text === right[at])

let last: { readonly variables: readonly string[]; readonly environment: NativeEnvironment } | undefined

/** What the addon gets with a call: the environment, or `null` if it may read the environment itself. */
export const hostEnvironment = (): NativeEnvironment | null => {
  const { env } = process
  if (env === readable && (workers.length === 0 || aliveWorkers().length === 0)) return null
  const variables = read(env)
  if (last === undefined || !isSame(variables, last.variables)) {
    last = { variables, environment: new (native().NativeEnvironment)(variables) }
  }
  return last.environment
}
