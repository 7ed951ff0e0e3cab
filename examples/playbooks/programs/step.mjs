// Stands in for tools that the example playbooks would run but not every machine has.

import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const [what, argument] = process.argv.slice(2)

const steps = {
  build: async () => {
    await pause(900)
    console.log('built web:1.4.2')
  },
  push: async () => {
    for (let layer = 1; layer <= 4; layer += 1) {
      await pause(250)
      console.log(`layer ${layer} pushed`)
    }
  },
  'update-service': () => {
    console.error(
      'An error occurred (AccessDeniedException) when calling the UpdateService operation: user/deploy is not authorized to perform: ecs:UpdateService',
    )
    process.exitCode = 254
  },
  'wait-stable': () => pause(2000),
  'check-health': () => console.log('healthy'),
  describe: () => console.log(JSON.stringify({ name: 'web', version: '1.4.2' })),
  // Turned away the first time, as a service that is asked too much does it.
  throttled: () => {
    if (existsSync(argument)) {
      rmSync(argument)
      console.log('and this time it answered')
      return
    }
    writeFileSync(argument, '')
    console.error('ThrottlingException: Rate exceeded')
    process.exitCode = 255
  },
}

await steps[what]()
