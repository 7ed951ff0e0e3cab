// Follow a program line by line, both of its streams.
import { ExecutionEngine } from '@escher/execution-engine'

await using engine = new ExecutionEngine()

const execution = engine.run({ type: 'shell', command: 'echo one; echo two >&2; echo three' })

for await (const { stream, text } of execution) {
  console.log(`${stream}: ${text}`)
}

const { status, stdoutBytes, stderrBytes } = await execution
console.log(`${status}, ${stdoutBytes} + ${stderrBytes} bytes`)
