// One process owns the engine, another asks for work: only strings and plain objects cross between them, as between
// the main process and a window of Electron. Here both are this file.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { ExecutionEngine, type ExecutionEvent, type ExecutionRequest } from '@escher/execution-engine'

type Message = { type: 'execute'; request: ExecutionRequest } | { type: 'quit' }

// The side with the engine.
const host = () => {
  const engine = new ExecutionEngine()
  process.on('message', async (message: Message) => {
    if (message.type === 'execute') {
      await engine.execute(message.request, (event) => void process.send?.(event))
      return
    }
    await engine.shutdown()
    process.disconnect()
  })
}

// The side that has none.
const client = () => {
  const engine = fork(fileURLToPath(import.meta.url), ['host'])
  engine.on('message', (event: ExecutionEvent) => {
    if (event.type === 'started') console.log(`started ${event.command} as ${event.pid}`)
    if (event.type === 'stdout') console.log(`  ${event.line}`)
    if ('result' in event) {
      console.log(`${event.result.status} after ${event.result.durationMs} ms`)
      engine.send({ type: 'quit' })
    }
  })
  engine.send({
    type: 'execute',
    request: {
      command: { type: 'exec', program: 'git', args: ['help', '--guides'] },
      metadata: { source: 'example', tags: { window: '1' } },
    },
  })
}

if (process.argv[2] === 'host') host()
else client()
