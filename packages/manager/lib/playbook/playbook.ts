/** Turns the text of a playbook into steps that can run. Reports all problems at once. */
import { basename } from 'node:path'

import { checkOrder, dependenciesOf, reportCycle } from './order.js'
import { type Parameters, parametersOf } from './parameters.js'
import { Findings } from './problems.js'
import type { PlaybookFile, StepFile } from './schema.js'
import { checkStructure } from './schema-issues.js'
import { readText, Source } from './source.js'
import { type Step, type StepContext, StepReader } from './step.js'

/** A parsed and valid playbook. It never changes, so it can run any number of times. */
export interface Playbook {
  readonly id: string
  readonly name: string
  readonly description: string | null
  readonly parameters: Parameters
  readonly steps: readonly Step[]
  /** How many steps of a graph run at once. */
  readonly maxParallel: number | null
  /** Whether any step has `depends_on`. If so, steps without it depend on nothing. */
  readonly isGraph: boolean
  /** The file's name, for messages. */
  readonly source: string
}

/**
 * Parses a playbook and checks all of it. Messages call it `name`.
 *
 * @example parsePlaybook('{ "playbook_id": "hello", "steps": [{ "command": "echo hello" }] }')
 * @throws PlaybookError with every problem
 */
export const parsePlaybook = (text: string, options: { name?: string } = {}): Playbook => {
  const { name = 'playbook' } = options
  const source = new Source(text, name)
  const file = source.checked((findings) => checkStructure(source.value, findings))
  return source.checked((findings) => playbookFrom(file, name, findings))
}

/**
 * Reads a playbook from a file.
 *
 * @example const playbook = await loadPlaybook('playbook.json')
 * @throws PlaybookError with every problem; also when the file cannot be read
 */
export const loadPlaybook = async (path: string): Promise<Playbook> =>
  parsePlaybook(await readText(path), { name: basename(path) })

const playbookFrom = (file: PlaybookFile, source: string, findings: Findings): Playbook => {
  const isGraph = file.steps.some((step) => step.depends_on !== undefined)
  const parameters = parametersOf(file.parameters, ['parameters'], findings)
  const steps = stepsFrom(file.steps, parameters, isGraph, findings)
  // Two steps with the same id may look like a cycle.
  const areDistinct = new Set(steps.map(({ id }) => id)).size === steps.length
  const hasCycle = areDistinct && reportCycle(steps, findings)
  if (!hasCycle && findings.list.length === 0) checkOrder(steps, isGraph, findings)
  return {
    id: file.playbook_id,
    name: file.name ?? file.playbook_id,
    description: file.description ?? null,
    parameters,
    steps,
    maxParallel: file.max_parallel ?? null,
    isGraph,
    source,
  }
}

const stepsFrom = (
  files: readonly StepFile[],
  parameters: Parameters,
  isGraph: boolean,
  findings: Findings,
): readonly Step[] => {
  const ids = stepIds(files, findings)
  const known = new Set(ids)
  const context: StepContext = { parameters, scope: { parameters: new Set(parameters.keys()), steps: known } }
  return ids.map((id, index) => {
    const file = files[index] as StepFile
    const path = ['steps', index]
    const after = isGraph
      ? dependenciesOf(file, [...path, 'depends_on'], known, findings)
      : ids.slice(Math.max(0, index - 1), index)
    return new StepReader(file, path, findings, context).step(id, after)
  })
}

const stepIds = (steps: readonly StepFile[], findings: Findings): string[] => {
  const seen = new Map<string, number>()
  return steps.map((step, index) => {
    const id = String(step.step_id ?? step.step ?? index + 1)
    const first = seen.get(id)
    if (first === undefined) seen.set(id, index)
    else {
      const field = (['step_id', 'step'] as const).filter((name) => step[name] !== undefined).slice(0, 1)
      findings.add(['steps', index, ...field], `step ${first + 1} has the id \`${id}\` too`, 'give each step its own')
    }
    return id
  })
}
