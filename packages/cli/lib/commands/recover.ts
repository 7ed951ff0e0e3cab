/** `escher-exec recover`: what a crash cut off. */
import type { Parsed } from '../arguments.js'
import { openEngine } from '../engine.js'
import { OK } from '../exit-codes.js'
import type { Home } from '../home.js'
import { harmless } from '../ui/text.js'

export const recover = async ({ options }: Parsed, home: Home): Promise<number> => {
  await using engine = await openEngine(home)
  const stopSurvivors = options['stop'] === true
  const found = await engine.recover({ stopSurvivors })
  for (const one of found) {
    if (options['json'] === true) {
      process.stdout.write(`${JSON.stringify(one)}\n`)
      continue
    }
    process.stdout.write(`${one.id}  ${one.startedAt}  ${harmless(one.command)}\n`)
    // If only some could be stopped, the engine does not say which.
    const state = one.survivorsStopped ? 'stopped' : stopSurvivors ? 'may still run' : 'still runs'
    for (const { pid, name } of one.survivors) process.stdout.write(`  ${state}: ${pid} ${harmless(name)}\n`)
  }
  if (found.length === 0 && options['json'] !== true) process.stdout.write('nothing was cut off\n')
  return OK
}
