// Uses the manager as an ES module and as CommonJS, and the command line as npm links it.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'

import { ExecutionEngine } from '@escher/execution-engine'
import { ExecutionManager, parsePlaybook } from '@escher/execution-manager'

const required = createRequire(import.meta.url)('@escher/execution-manager')
assert.equal(typeof required.parsePlaybook, 'function')

const engine = new ExecutionEngine({ logging: false })
const step = { step: 1, command: [process.execPath, '-p', '{number} * 2'], parameters: { number: 21 } }
const playbook = parsePlaybook(JSON.stringify({ playbook_id: 'package', steps: [step] }))
const { status, steps } = await new ExecutionManager(engine).run(playbook)
assert.deepEqual([status, steps[0].result.stdout], ['completed', '42\n'])
await engine.shutdown()

const program = 'node_modules/.bin/escher-exec'
const env = { ...process.env, ESCHER_EXEC_HOME: `${import.meta.dirname}/home` }
const said = execFileSync(program, ['exec', '--', process.execPath, '-p', '6 * 7'], { encoding: 'utf8', env })
assert.equal(said, '42\n')
