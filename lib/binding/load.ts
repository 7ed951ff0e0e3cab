/** The only place that loads the native binding. */
import { ExecutionEngineError } from '../errors.js'

type Binding = typeof import('../../index.js')

/** Node's own reason: the first error that says more than that a file is missing. */
const reasonOf = (error: unknown): string => {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (!/^Cannot find (?:module|native binding)/.test(cause.message)) return `${cause.message} `
  }
  return ''
}

const load = (): Binding => {
  try {
    return require('../../index.js') as Binding
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`
    throw new ExecutionEngineError(
      'NATIVE_BINDING_MISSING',
      `${reasonOf(cause)}The native part of @escher/execution-engine for ${platform} (Node ${process.version}) cannot be ` +
        `loaded: neither a package @escher/execution-engine-${platform}* nor a file execution-engine.${platform}*.node ` +
        'beside it is usable. Install again with optional dependencies allowed, or build it with `npm run build`.',
      { cause },
    )
  }
}

let binding: Binding | undefined

/** Loads the addon on first use, so that a caller can catch its absence as an `ExecutionEngineError`. */
export const native = (): Binding => (binding ??= load())
