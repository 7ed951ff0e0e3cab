// The tests that take minutes, one at a time, in release mode: `npm run test:heavy`. Some twenty minutes on two cores,
// and twenty gibibytes on the disk for a moment.

import { dim, heading, main } from './lib/console.mjs'
import { prepare } from './lib/prepare.mjs'
import { runShown } from './lib/run.mjs'

await main(async () => {
  heading('Setup')
  await prepare()
  console.log(dim('  ready'))
  heading('Rust')
  const args = ['nextest', 'run', '-p', 'integration-tests', '--release', '--profile', 'heavy', '--run-ignored', 'only']
  const rust = await runShown('cargo', args)
  heading('TypeScript')
  const js = await runShown('npx', ['ava', '--config', 'ava.heavy.config.mjs'])
  return rust === 0 && js === 0 ? 0 : 1
})
