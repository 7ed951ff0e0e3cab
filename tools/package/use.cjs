const assert = require('node:assert/strict')

const { ExecutionEngine } = require('@escher/execution-engine')

const main = async () => {
  const engine = new ExecutionEngine()
  const events = []
  const request = { command: { type: 'exec', program: process.execPath, args: ['-e', 'process.exit(3)'] } }
  const id = await engine.execute(request, (event) => events.push(event.type))
  const result = await engine.waitForCompletion(id)
  assert.equal(result.status, 'failed')
  assert.equal(result.exitCode, 3)
  assert.equal(result.error.code, 'NON_ZERO_EXIT')
  assert.equal(events.at(-1), 'failed')
  await engine.shutdown()
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
