/** Everything a run can be refused for is found here, before anything runs. */
import { withFollowers } from '../playbook/graph.js'
import { givenValues, type Parameters, type Values, valuesOf } from '../playbook/parameters.js'
import { graphNodes, type Playbook, type Step, stepReferences } from '../playbook/playbook.js'
import { didYouMean, Findings, PlaybookError, shownPath, some } from '../playbook/problems.js'
import { riskLevels } from '../playbook/schema.js'
import { Secrets } from './secrets.js'
import type { PlaybookRunOptions, RunState, StepState, StepStatus } from './types.js'

/** A playbook with the values of one run. */
export interface Prepared {
  readonly playbook: Playbook
  readonly options: PlaybookRunOptions
  readonly secrets: Secrets
  /** Of each step, by id. */
  readonly values: ReadonlyMap<string, Values>
  /** Steps that are not run again. */
  readonly kept: ReadonlyMap<string, StepState>
  /** Steps before the one to begin with, of which nothing is known. */
  readonly passedOver: ReadonlySet<string>
}

/** @throws PlaybookError with every reason why it cannot run. */
export const prepare = (playbook: Playbook, options: PlaybookRunOptions, maxTimeoutMs: number): Prepared => {
  const secrets = new Secrets()
  let values: Map<string, Values> = new Map()
  let resumed: Pick<Prepared, 'kept' | 'passedOver'> = { kept: new Map(), passedOver: new Set() }
  const found = Findings.of((findings) => {
    checkOptions(options, findings)
    resumed = resume(playbook, options.resumeFrom, findings)
    values = stepValues(playbook, options, secrets, findings)
    checkSteps(playbook, maxTimeoutMs, values, findings)
  })
  if (found.length > 0) {
    const problems = found.map(({ path, message, hint }) => ({
      path: shownPath(path),
      line: null,
      column: null,
      message,
      hint: hint ?? null,
    }))
    throw new PlaybookError(problems, playbook.source)
  }
  return { playbook, options, secrets, values, ...resumed }
}

const known: Readonly<Record<keyof PlaybookRunOptions, true>> = {
  parameters: true,
  dryRun: true,
  approvalLevel: true,
  defaultRiskLevel: true,
  onApproval: true,
  maxParallel: true,
  rollback: true,
  resumeFrom: true,
  signal: true,
  onEvent: true,
  records: true,
  credentials: true,
  conversationId: true,
  workingDir: true,
  env: true,
}

const checkOptions = (options: PlaybookRunOptions, findings: Findings): void => {
  const names = Object.keys(known)
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(known, name))
      findings.add([name], 'there is no such option', didYouMean(name, names, `known are ${some(names)}`))
  }
  const { maxParallel, approvalLevel, defaultRiskLevel } = options

  if (maxParallel !== undefined && !(Number.isInteger(maxParallel) && maxParallel >= 1)) {
    findings.add(['maxParallel'], `it is ${String(maxParallel)}`, 'allowed is a whole number from 1')
  }
  for (const [name, level] of Object.entries({ approvalLevel, defaultRiskLevel })) {
    if (level === undefined || riskLevels.includes(level)) continue
    findings.add([name], `it is ${String(level)}`, `allowed are ${riskLevels.join(', ')}`)
  }
}

const stepValues = (
  { parameters, steps }: Playbook,
  { parameters: given = {} }: PlaybookRunOptions,
  secrets: Secrets,
  findings: Findings,
): Map<string, Values> => {
  // Steps without parameters of their own share the playbook's: looked at once.
  const scopes = new Set<Parameters>([parameters, ...steps.map((step) => step.parameters)])
  const values = givenValues(given, [...scopes], findings)
  const byScope = new Map([...scopes].map((scope) => [scope, valuesOf(scope, values)]))
  const told = new Set<string>()
  for (const [scope, seen] of byScope) {
    for (const [name, parameter] of scope) {
      const value = seen.get(name)
      if (value === undefined && parameter.required && !told.has(name)) {
        told.add(name)
        findings.add(['parameters', name], `the parameter \`${name}\` has no value`, 'give it one: it is required')
      }
      if (value !== undefined && parameter.secret && String(value).length >= 2) secrets.add(name, String(value))
    }
  }
  return new Map(steps.map((step) => [step.id, byScope.get(step.parameters) ?? new Map()]))
}

const checkSteps = (
  { steps }: Playbook,
  maxTimeoutMs: number,
  values: ReadonlyMap<string, Values>,
  findings: Findings,
): void => {
  for (const [index, step] of steps.entries()) {
    if (step.timeoutMs !== null && step.timeoutMs > maxTimeoutMs) {
      const hint = `the longest allowed is ${maxTimeoutMs / 1000}: the engine’s maxTimeoutMs, and the manager’s`
      findings.add(['steps', index, 'timeout_sec'], `it is ${step.timeoutMs / 1000}`, hint)
    }
    checkOptional(step, index, values.get(step.id) ?? new Map(), findings)
    if (process.platform === 'win32' && usesValuesInShell(step)) {
      findings.add(
        ['steps', index, 'command'],
        'cmd.exe puts values into its line as code',
        'leave `shell` out, or the values',
      )
    }
  }
}

const usesValuesInShell = ({ command, rollback }: Step): boolean =>
  [command, rollback].some((one) => one?.kind === 'shell' && one.script.variables.size > 0)

/** A parameter that need not be given can be asked about, but not used. */
const checkOptional = (step: Step, index: number, values: Values, findings: Findings): void => {
  for (const [field, used] of stepReferences(step)) {
    if (field === 'when') continue
    for (const reference of used) {
      if (reference.kind !== 'parameter' || values.has(reference.name)) continue
      if (step.parameters.get(reference.name)?.required) continue
      findings.add(['steps', index, field], `{${reference.name}} has no value`, 'give it one, or declare a default')
    }
  }
}

const resume = (
  playbook: Playbook,
  from: PlaybookRunOptions['resumeFrom'],
  findings: Findings,
): Pick<Prepared, 'kept' | 'passedOver'> => {
  const none = { kept: new Map<string, StepState>(), passedOver: new Set<string>() }
  if (from === undefined) return none
  const ids = playbook.steps.map(({ id }) => id)
  const id = String(from.step)
  if (!ids.includes(id)) {
    findings.add(['resumeFrom', 'step'], `there is no step \`${id}\``, didYouMean(id, ids, `known are ${some(ids)}`))
    return none
  }
  const again = withFollowers([id], graphNodes(playbook.steps))
  const before = playbook.steps.filter((step) => !again.has(step.id))
  if (from.state === undefined) {
    return { ...none, passedOver: new Set(before.map((step) => step.id)) }
  }
  const earlier = earlierSteps(playbook, from.state, findings)
  const kept = new Map<string, StepState>()
  const passedOver = new Set<string>()
  for (const step of before) {
    const state = earlier.get(step.id)
    if (state && stays(state, step, playbook.isGraph)) kept.set(step.id, state)
    else if (!playbook.isGraph) passedOver.add(step.id)
  }
  return { kept, passedOver }
}

const hasEnded: ReadonlySet<StepStatus> = new Set(['completed', 'failed', 'skipped', 'cancelled'])

// One after another, whoever begins at a step has decided about those before it. In a graph, others may never have run.
const stays = ({ status }: StepState, { continueOnError }: Step, isGraph: boolean): boolean =>
  isGraph ? status === 'completed' || (status === 'failed' && continueOnError) : hasEnded.has(status)

const earlierSteps = (playbook: Playbook, state: RunState, findings: Findings): Map<string, StepState> => {
  if (!Array.isArray(state?.steps)) {
    findings.add(['resumeFrom', 'state'], 'it is not the state of a run', 'give `run.state` of the earlier run')
    return new Map()
  }
  if (state.playbookId !== playbook.id) {
    findings.add(
      ['resumeFrom', 'state'],
      `it is of the playbook \`${state.playbookId}\``,
      `this one is \`${playbook.id}\``,
    )
  }
  return new Map(state.steps.map((step) => [step.id, step]))
}
