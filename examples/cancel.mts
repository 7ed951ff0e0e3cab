// Stop a program, and all it started: by an AbortSignal, by a timeout, by leaving a scope.
import { ExecutionEngine } from '@escher/execution-engine'

await using engine = new ExecutionEngine({ killGraceMs: 500 })

const wait = ['-e', 'setInterval(() => {}, 1000)']

const aborted = await engine.run('node', wait, { signal: AbortSignal.timeout(300) })
console.log('signal: ', aborted.status, aborted.error?.code)

const timedOut = await engine.run('node', wait, { timeoutMs: 300 })
console.log('timeout:', timedOut.status, timedOut.error?.code)

let result
{
  await using execution = engine.run('node', wait)
  result = execution.result
} // cancelled here, and waited for
console.log('scope:  ', (await result).status)
