/** The only place that loads the native binding. */
import { ExecutionEngineError } from '../errors.js'

type Binding = typeof import('../../index.js')

const load = (): Binding => {
  try {
    return require('../../index.js') as Binding
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`
    throw new ExecutionEngineError(
      'NATIVE_BINDING_MISSING',
      `the native part of @escher/execution-engine for ${platform} (Node ${process.version}) cannot be loaded: neither ` +
        `a package @escher/execution-engine-${platform}* nor a file execution-engine.${platform}*.node beside it is ` +
        'usable. Install again with optional dependencies allowed, or build it with `npm run build`.',
      { cause },
    )
  }
}

let binding: Binding | undefined

/** Loads it at the first use: that it is missing can then be caught, with the class that says so. */
export const native = (): Binding => (binding ??= load())
