import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

import { ExecutionEngine, ExecutionEngineError } from '@escher/execution-engine'
import { AsyncQueue } from '@escher/execution-engine/support'

const engine = new ExecutionEngine()
const lines = []
for await (const { stream, text } of engine.run(process.execPath, ['-e', 'console.log("out"); console.error("err")'])) {
  lines.push(`${stream}: ${text}`)
}
assert.deepEqual(lines.toSorted(), ['stderr: err', 'stdout: out'])
await engine.shutdown()

// One class, however it was loaded: `instanceof` works in a program that mixes both.
const required = createRequire(import.meta.url)('@escher/execution-engine')
assert.equal(required.ExecutionEngineError, ExecutionEngineError)

// What the project's other packages share with the engine is available both ways, too.
const support = createRequire(import.meta.url)('@escher/execution-engine/support')
assert.equal(support.AsyncQueue, AsyncQueue)
