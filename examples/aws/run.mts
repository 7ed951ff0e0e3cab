// Runs playbook.json with the real AWS command line against a mocked AWS on this machine; see README.md.
import { fileURLToPath } from 'node:url'

import { ExecutionEngine } from '@escher/execution-engine'
import { ExecutionManager, loadPlaybook } from '@escher/execution-manager'

import { anyKeys, startMoto } from '@escher/testing/moto'
import { throttle } from './throttle.mjs'

const moto = await startMoto()
try {
  await moto.addProfile('production', anyKeys)
  await using busy = await throttle(moto.url, 'GetResources', 2)
  await using engine = new ExecutionEngine()
  await using manager = new ExecutionManager(engine)

  const run = manager.run(await loadPlaybook(fileURLToPath(new URL('playbook.json', import.meta.url))), {
    // One attempt of its own, so that the playbook's policy is what retries.
    env: { ...moto.env, AWS_ENDPOINT_URL: busy.url, AWS_MAX_ATTEMPTS: '1' },
    onApproval: ({ name, riskLevel, commandLine }) => {
      console.log(`? ${name} (${riskLevel}): ${commandLine}`)
      return { decision: 'approve' }
    },
  })
  for await (const event of run) {
    if (event.type === 'step_started') console.log(`> ${event.name}`)
    if (event.type === 'step_output') console.log(`  ${event.line}`)
    if (event.type === 'step_retry') console.log(`  again in ${event.delayMs} ms: ${event.reason}`)
    if (event.type === 'step_skipped') console.log(`- ${event.name}: ${event.reason}`)
    if (event.type === 'step_failed') console.log(`x ${event.name}: ${event.error.message}`)
  }
  const { status, durationMs } = await run
  console.log(`${status} in ${(durationMs / 1000).toFixed(1)} s`)
  process.exitCode = status === 'completed' ? 0 : 1
} finally {
  await moto.stop()
}
