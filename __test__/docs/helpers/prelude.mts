// What a piece of a program in the documents finds already there: an engine, a request, a run, and so on. A block that
// imports something is a program of its own and gets none of this.
import { writeFileSync } from 'node:fs'

import { ExecutionEngine, type ExecutionRequest, ExecutionEngineError, ExecutionError } from '@escher/execution-engine'
import { ExecutionManager, parsePlaybook } from '@escher/execution-manager'

export { ExecutionEngine, ExecutionEngineError, ExecutionError, ExecutionManager, parsePlaybook }

export const engine = new ExecutionEngine({ killGraceMs: 500 })
export const manager = new ExecutionManager(engine)

/** Something to wait for, to cancel, to read the log of. */
export const request: ExecutionRequest = { command: { type: 'exec', program: 'git', args: ['--version'] } }
export const id = await engine.execute(request)
export const result = await engine.waitForCompletion(id)

export const path = 'app.log'
writeFileSync(path, 'a line\n')

export const password = 'correct horse battery staple'
export const token = 'tr0ub4dor&3'

export const controller = new AbortController()
setTimeout(() => controller.abort(), 100).unref()

export const ask = async (question: string, _options: { signal: AbortSignal }): Promise<boolean> => question !== ''

export const playbook = parsePlaybook(
  JSON.stringify({
    playbook_id: 'deploy',
    steps: [
      { step_id: 'build', command: 'git --version' },
      { step_id: 'push', command: 'git --version', risk_level: 'modify' },
    ],
  }),
)
export const run = manager.run(playbook, { approvalLevel: 'modify' })
await run
