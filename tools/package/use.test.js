const { ExecutionEngine } = require('@escher/execution-engine')

test('a command runs under Jest', async () => {
  const engine = new ExecutionEngine()
  const result = await engine.run(process.execPath, ['-e', 'console.log("hello")'])
  expect(result).toMatchObject({ status: 'completed', exitCode: 0, stdout: 'hello\n' })
  await engine.shutdown()
})
