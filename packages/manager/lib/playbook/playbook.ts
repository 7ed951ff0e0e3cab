/** From the text of a playbook to steps that can run: read once, with everything that is wrong said at once. */
import { basename } from 'node:path'

import { commandLine } from '../template/shell-words.js'
import { commandReferences, parseCommand, type StepCommand } from '../template/command.js'
import { findCycle, type GraphNode, Reach } from './graph.js'
import { type Parameters, parametersOf } from './parameters.js'
import { didYouMean, Findings, type Path, some } from './problems.js'
import { type RetryPolicy, retryPolicyOf } from './retry-policy.js'
import type { PlaybookFile, RiskLevel, StepFile } from './schema.js'
import { readText, Source } from './source.js'
import { checkStructure } from './schema-issues.js'
import {
  isProblem,
  parseTemplate,
  type Reference,
  references,
  type Scope,
  type Template,
} from '../template/template.js'
import { type Condition, conditionReferences, parseCondition } from '../template/condition.js'

/** One step, understood. */
export interface Step {
  readonly id: string
  readonly name: string
  readonly description: string | null
  readonly riskLevel: RiskLevel | null
  readonly expectedDurationMs: number | null
  readonly timeoutMs: number | null
  readonly continueOnError: boolean
  readonly always: boolean
  readonly retry: RetryPolicy
  /** What must have ended before: the steps it depends on, or the one before it. */
  readonly after: readonly string[]
  /** What it sees: its own, then the playbook's. */
  readonly parameters: Parameters
  /** As it is written. */
  readonly when: string | null
  /** @internal */
  readonly condition: Condition | null
  /** @internal */
  readonly command: StepCommand
  /** @internal */
  readonly rollback: StepCommand | null
  /** @internal */
  readonly env: ReadonlyMap<string, Template | null>
  /** @internal */
  readonly workingDir: Template | null
  /** @internal */
  readonly stdin: Template | null
}

/** A playbook that was read and found to be right. Never changed: run it as often as you like. */
export interface Playbook {
  readonly id: string
  readonly name: string
  readonly description: string | null
  readonly parameters: Parameters
  readonly steps: readonly Step[]
  readonly maxParallel: number | null
  /** A step says `depends_on`: steps without it depend on nothing. */
  readonly isGraph: boolean
  /** What its problems are told with: the file's name. */
  readonly source: string
}

/** Stands before `always` steps of a graph that name nothing to wait for: they wait for everything else. */
export const ALL_ELSE = ''

const MAX_NAME = 120

/** @throws PlaybookError with every problem. */
export const parsePlaybook = (text: string, options: { name?: string } = {}): Playbook => {
  const { name = 'playbook' } = options
  const source = new Source(text, name)
  let file: PlaybookFile | undefined
  source.throwIfAny(
    Findings.of((findings) => {
      file = checkStructure(source.value, findings)
    }),
  )
  let playbook: Playbook | undefined
  source.throwIfAny(
    Findings.of((findings) => {
      playbook = understand(file as PlaybookFile, name, findings)
    }),
  )
  return playbook as unknown as Playbook
}

/** @throws PlaybookError with every problem; also when the file cannot be read. */
export const loadPlaybook = async (path: string): Promise<Playbook> =>
  parsePlaybook(await readText(path), { name: basename(path) })

const understand = (file: PlaybookFile, source: string, findings: Findings): Playbook => {
  const ids = stepIds(file.steps, findings)
  const shared = parametersOf(file.parameters, ['parameters'], findings)
  const isGraph = file.steps.some((step) => step.depends_on !== undefined)
  const known = new Set(ids)
  const outer: Surroundings = { parameters: shared, scope: { parameters: new Set(shared.keys()), steps: known } }
  const steps = file.steps.map((step, index) => {
    const at = ['steps', index]
    const after = isGraph
      ? dependencies(step, [...at, 'depends_on'], known, findings)
      : ids.slice(Math.max(0, index - 1), index)
    return new StepReader(step, at, findings, outer).step(ids[index] as string, after)
  })
  const nodes = graphNodes(steps)
  // Two steps of one name may look like a circle.
  const cycle = known.size < ids.length ? undefined : findCycle(nodes)?.filter((id) => id !== ALL_ELSE)
  if (cycle) {
    const last = cycle.at(-1) === cycle[0] ? cycle : [...cycle, cycle[0] as string]
    const hint =
      nodes.length > steps.length
        ? 'an `always` step without depends_on waits for all steps that are not `always`'
        : 'leave one of them out'
    findings.add(
      ['steps', ids.indexOf(cycle[0] as string), 'depends_on'],
      `these steps wait for each other: ${last.join(' → ')}`,
      hint,
    )
  } else if (findings.list.length === 0) {
    checkOrder(steps, nodes, isGraph, findings)
  }
  return {
    id: file.playbook_id,
    name: file.name ?? file.playbook_id,
    description: file.description ?? null,
    parameters: shared,
    steps,
    maxParallel: file.max_parallel ?? null,
    isGraph,
    source,
  }
}

/** The steps as a graph, with what stands for all of them where somebody waits for that. */
export const graphNodes = (steps: readonly Step[]): GraphNode[] =>
  steps.some(({ after }) => after[0] === ALL_ELSE)
    ? [...steps, { id: ALL_ELSE, after: steps.filter(({ always }) => !always).map(({ id }) => id) }]
    : [...steps]

const stepIds = (steps: readonly StepFile[], findings: Findings): string[] => {
  const seen = new Map<string, number>()
  return steps.map((step, index) => {
    const id = String(step.step_id ?? step.step ?? index + 1)
    const first = seen.get(id)
    const name = step.step_id === undefined ? (step.step === undefined ? [] : ['step']) : ['step_id']
    if (first !== undefined)
      findings.add(
        ['steps', index, ...name],
        `the id \`${id}\` is that of step ${first + 1} too`,
        'give each step its own',
      )
    else seen.set(id, index)
    return id
  })
}

const dependencies = (step: StepFile, path: Path, known: ReadonlySet<string>, findings: Findings): string[] => {
  if (step.depends_on === undefined) return step.always === true ? [ALL_ELSE] : []
  const isList = Array.isArray(step.depends_on)
  const given = isList ? (step.depends_on as (string | number)[]) : [step.depends_on as string | number]
  given.forEach((id, index) => {
    if (known.has(String(id))) return
    findings.add(
      isList ? [...path, index] : path,
      `there is no step \`${id}\``,
      didYouMean(String(id), [...known], `known are ${some([...known])}`),
    )
  })
  return [...new Set(given.map(String))].filter((id) => known.has(id))
}

/** What all steps see. */
interface Surroundings {
  readonly parameters: Parameters
  readonly scope: Scope
}

/** Reads one step; says what is wrong with which of its fields. */
class StepReader {
  readonly #file: StepFile
  readonly #path: Path
  readonly #findings: Findings
  readonly #scope: Scope
  readonly #parameters: Parameters

  constructor(file: StepFile, path: Path, findings: Findings, outer: Surroundings) {
    this.#file = file
    this.#path = path
    this.#findings = findings
    this.#parameters = outer.parameters
    this.#scope = outer.scope
    if (file.parameters === undefined) return
    this.#parameters = new Map([
      ...outer.parameters,
      ...parametersOf(file.parameters, [...path, 'parameters'], findings),
    ])
    this.#scope = { parameters: new Set(this.#parameters.keys()), steps: outer.scope.steps }
  }

  step(id: string, after: readonly string[]): Step {
    const file = this.#file
    const written = typeof file.command === 'string' ? file.command.trim() : commandLine(file.command)
    return {
      id,
      name: file.name ?? (written.length > MAX_NAME ? `${written.slice(0, MAX_NAME - 1)}…` : written),
      description: file.description ?? null,
      riskLevel: file.risk_level ?? null,
      expectedDurationMs: file.expected_duration_sec === undefined ? null : file.expected_duration_sec * 1000,
      timeoutMs: file.timeout_sec === undefined ? null : Math.ceil(file.timeout_sec * 1000),
      continueOnError: file.continue_on_error ?? false,
      always: file.always ?? false,
      retry: retryPolicyOf(file.retry_policy),
      after,
      parameters: this.#parameters,
      when: file.when ?? null,
      condition: this.#condition(),
      command: this.#command('command', file.command),
      rollback: file.rollback === undefined ? null : this.#command('rollback', file.rollback),
      env: new Map(
        Object.entries(file.env ?? {}).map(([name, value]) => [
          name,
          value === null ? null : this.#template(value, 'env', name),
        ]),
      ),
      workingDir: file.working_dir === undefined ? null : this.#template(file.working_dir, 'working_dir'),
      stdin: file.stdin === undefined ? null : this.#template(file.stdin, 'stdin'),
    }
  }

  #condition(): Condition | null {
    if (this.#file.when === undefined) return null
    const condition = parseCondition(this.#file.when, this.#scope)
    if (!isProblem(condition)) return condition
    this.#findings.add([...this.#path, 'when'], condition.message, condition.hint)
    return null
  }

  #command(field: string, given: string | readonly string[]): StepCommand {
    const { command, problems } = parseCommand(given, this.#file.shell ?? false, this.#scope)
    for (const { message, hint } of problems) this.#findings.add([...this.#path, field], message, hint)
    return command
  }

  #template(text: string, ...field: string[]): Template {
    const { parts, problems } = parseTemplate(text, this.#scope)
    for (const { message, hint } of problems) this.#findings.add([...this.#path, ...field], message, hint)
    return parts
  }
}

const inTemplates = (...given: (Template | null)[]): Reference[] =>
  given.flatMap((template) => references(template ?? []))

/** Where a step names others, by the field. */
export const stepReferences = (step: Step): Map<string, Reference[]> => {
  return new Map([
    ['command', commandReferences(step.command)],
    ['when', step.condition === null ? [] : conditionReferences(step.condition)],
    ['env', inTemplates(...step.env.values())],
    ['working_dir', inTemplates(step.workingDir)],
    ['stdin', inTemplates(step.stdin)],
    ['rollback', step.rollback === null ? [] : commandReferences(step.rollback)],
  ])
}

/** A value can only come from a step that has ended by then. */
const checkOrder = (
  steps: readonly Step[],
  nodes: readonly GraphNode[],
  isGraph: boolean,
  findings: Findings,
): void => {
  const reach = isGraph ? new Reach(nodes) : undefined
  const position = new Map(steps.map(({ id }, index) => [id, index]))
  for (const [index, step] of steps.entries()) {
    for (const [field, used] of stepReferences(step)) {
      for (const reference of used) {
        if (reference.kind !== 'step') continue
        // What undoes a step may use what the step itself said.
        if (field === 'rollback' && reference.step === step.id) continue
        const isBefore = reach
          ? reach.isBefore(reference.step, step.id)
          : (position.get(reference.step) ?? index) < index
        if (isBefore) continue
        findings.add(
          ['steps', index, field],
          `{${reference.text}}: step \`${reference.step}\` need not have ended by then`,
          isGraph ? `add \`${reference.step}\` to depends_on` : 'a step can use values of the steps before it',
        )
      }
    }
  }
}
