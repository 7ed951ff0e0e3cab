// `npm run demo`: from a fresh clone to playbooks and the engine at work, on commands of this machine.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { bold, dim, heading, main, Problem } from './lib/console.mjs'
import { prepare } from './lib/prepare.mjs'
import { root, runShown } from './lib/run.mjs'

const cli = join(root, 'packages/cli/dist/main.js')
const playbooks = join(root, 'examples/playbooks')

// As one would type it, with the exit code it must have.
const escherExec = async (home, args, expected) => {
  console.log(dim(`  $ escher-exec ${args.join(' ')}\n`))
  const env = { ...process.env, ESCHER_EXEC_HOME: home }
  const code = await runShown(process.execPath, [cli, ...args], { cwd: playbooks, env })
  if (code !== expected) throw new Problem(`It ended with exit code ${code}, not ${expected}.`)
  console.log(dim(`\n  exit code ${code}`))
}

await main(async () => {
  console.log(bold('\nExecution engine: a short tour'))
  heading('Setup')
  await prepare()
  console.log(dim('  ready'))

  const home = mkdtempSync(join(tmpdir(), 'execution-engine-demo-'))
  // Nothing could be imported before.
  const { ExecutionEngine } = await import('@escher/execution-engine')
  const { scenes } = await import('./demo/scenes.mjs')
  const engine = new ExecutionEngine({ killGraceMs: 500, logDir: join(home, 'logs') })
  try {
    heading('1  A playbook whose third step is denied')
    await escherExec(home, ['run', 'access-denied.json'], 1)
    heading('2  A playbook on real tools')
    await escherExec(home, ['run', 'tour.json', '--param', `marker=${join(home, 'throttled')}`], 0)
    for (const [index, { title, play }] of scenes.entries()) {
      heading(`${index + 3}  ${title}`)
      await play(engine)
    }
    heading(`${scenes.length + 3}  What was run, and where its logs are`)
    await escherExec(home, ['list'], 0)
    console.log(dim(`  logs: ${join(home, 'logs')} (deleted at the end of this tour)`))
    console.log(
      `\n${bold('That was it.')} Nothing is left running. README.md has the first ten lines of your own program.`,
    )
  } finally {
    await engine.shutdown()
    rmSync(home, { recursive: true, force: true })
  }
})
