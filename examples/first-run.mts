// Run a program, look at its result.
import { ExecutionEngine } from '@escher/execution-engine'

const engine = new ExecutionEngine()

const result = await engine.run('git', ['--version'])

console.log(result.status) // 'completed': the exit code was 0
console.log(result.stdout.trim())
console.log(`${result.durationMs} ms, log in ${result.logPath}`)

// A failure is a result too. Nothing is thrown, unless `reject: true` asks for it.
const failure = await engine.run('git', ['no-such-command'])
console.log(failure.status, failure.exitCode, failure.error?.code)

await engine.shutdown()
