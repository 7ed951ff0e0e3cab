// `npm run demo`: from a fresh clone to a look at the engine at work, on commands of this machine.

import { bold, dim, heading, main, Problem } from './lib/console.mjs'
import { prepare } from './lib/prepare.mjs'

await main(async () => {
  console.log(bold('\nExecution engine: a short tour'))
  heading('Set-up')
  await prepare()
  console.log(dim('  ready'))

  // Only now is there something to import.
  const { ExecutionEngine } = await import('@escher/execution-engine')
  const { scenes } = await import('./demo/scenes.mjs')
  const { closing } = await import('./demo/closing.mjs')

  const engine = new ExecutionEngine({ killGraceMs: 500 })
  try {
    for (const [index, { title, play }] of scenes.entries()) {
      heading(`${index + 1}  ${title}`)
      await play(engine)
    }
    await closing(engine, scenes.length + 1)
  } catch (error) {
    throw new Problem(`The tour stopped: ${error.stack}`)
  } finally {
    await engine.shutdown()
  }
})
