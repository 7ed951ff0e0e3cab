/** Which step waits for which, and whether each value that a step uses is known by then. */
import { commandReferences } from '../template/command.js'
import { conditionReferences } from '../template/condition.js'
import { nameHint } from '../template/hints.js'
import { type Reference, references, type Template } from '../template/template.js'
import { findCycle, type GraphNode, Reach } from './graph.js'
import type { Findings, Path } from './problems.js'
import type { StepFile } from './schema.js'
import type { Step } from './step.js'

/** Precedes `always` steps of a graph without dependencies of their own: they wait for all other steps. */
export const ALL_ELSE = ''

/** The steps that a step of a graph waits for, as it names them. */
export const dependenciesOf = (
  { depends_on: given, always }: StepFile,
  path: Path,
  known: ReadonlySet<string>,
  findings: Findings,
): string[] => {
  if (given === undefined) return always === true ? [ALL_ELSE] : []
  const ids = (Array.isArray(given) ? given : [given]).map(String)
  for (const [index, id] of ids.entries()) {
    if (known.has(id)) continue
    const at = Array.isArray(given) ? [...path, index] : path
    findings.add(at, `there is no step \`${id}\``, nameHint(id, [...known]))
  }
  return [...new Set(ids)].filter((id) => known.has(id))
}

/** The steps as a graph, with one node for all others if a step waits for those. */
export const graphNodes = (steps: readonly Step[]): GraphNode[] =>
  steps.some(({ after }) => after[0] === ALL_ELSE)
    ? [...steps, { id: ALL_ELSE, after: steps.filter(({ always }) => !always).map(({ id }) => id) }]
    : [...steps]

/** Reports a cycle of steps. True if there is one. */
export const reportCycle = (steps: readonly Step[], findings: Findings): boolean => {
  const nodes = graphNodes(steps)
  const cycle = findCycle(nodes)?.filter((id) => id !== ALL_ELSE)
  const [first] = cycle ?? []
  if (cycle === undefined || first === undefined) return false
  const closed = cycle.at(-1) === first ? cycle : [...cycle, first]
  const hint =
    nodes.length > steps.length
      ? 'an `always` step without depends_on waits for all steps that are not `always`'
      : 'leave one of them out'
  const path = ['steps', steps.findIndex(({ id }) => id === first), 'depends_on']
  findings.add(path, `these steps wait for each other: ${closed.join(' → ')}`, hint)
  return true
}

const inTemplates = (...templates: (Template | null)[]): Reference[] =>
  templates.flatMap((template) => references(template ?? []))

/** The values a step refers to, by the field that refers to them. */
export const stepReferences = (step: Step): Map<keyof StepFile, Reference[]> =>
  new Map([
    ['command', commandReferences(step.command)],
    ['when', step.condition === null ? [] : conditionReferences(step.condition)],
    ['env', inTemplates(...step.env.values())],
    ['working_dir', inTemplates(step.workingDir)],
    ['stdin', inTemplates(step.stdin)],
    ['rollback', step.rollback === null ? [] : commandReferences(step.rollback)],
  ])

/** Reports references to steps that may not have ended by then. The graph must have no cycle. */
export const checkOrder = (steps: readonly Step[], isGraph: boolean, findings: Findings): void => {
  const isBefore = isGraph ? beforeInGraph(steps) : beforeInSequence(steps)
  const hint = (id: string): string =>
    isGraph ? `add \`${id}\` to depends_on` : 'a step can use values of the steps before it'
  for (const [index, step] of steps.entries()) {
    for (const [field, used] of stepReferences(step)) {
      for (const reference of used) {
        if (reference.kind !== 'step') continue
        // A rollback may use the output of its own step.
        if (field === 'rollback' && reference.step === step.id) continue
        if (isBefore(reference.step, step.id)) continue
        const message = `{${reference.text}}: step \`${reference.step}\` need not have ended by then`
        findings.add(['steps', index, field], message, hint(reference.step))
      }
    }
  }
}

type IsBefore = (earlier: string, later: string) => boolean

const beforeInGraph = (steps: readonly Step[]): IsBefore => {
  const reach = new Reach(graphNodes(steps))
  return (earlier, later) => reach.isBefore(earlier, later)
}

const beforeInSequence = (steps: readonly Step[]): IsBefore => {
  const positions = new Map(steps.map(({ id }, index) => [id, index]))
  return (earlier, later) => (positions.get(earlier) ?? Infinity) < (positions.get(later) ?? 0)
}
