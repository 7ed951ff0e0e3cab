/** Finds every reason to refuse a run, before anything runs. */
import type { ExecutionEngine } from '@escher/execution-engine'

import { stepReferences } from '../playbook/order.js'
import { givenValues, isMaskable, type Parameters, type Values, valuesOf } from '../playbook/parameters.js'
import type { Playbook } from '../playbook/playbook.js'
import { Findings, PlaybookError, shownPath } from '../playbook/problems.js'
import type { Step } from '../playbook/step.js'
import { checkOptions, type PlaybookRunOptions } from './options.js'
import { ALL_STEPS, resume, type Resumed } from './resume.js'
import { Secrets } from './secrets.js'

/** A playbook with the values of one run. */
export interface PreparedRun extends Resumed {
  readonly playbook: Playbook
  readonly options: PlaybookRunOptions
  readonly secrets: Secrets
  /** The values of each step's placeholders, by step id. */
  readonly values: ReadonlyMap<string, Values>
}

/**
 * Combines a playbook with the options of a run, for this engine.
 *
 * @throws PlaybookError with every reason it cannot run
 */
export const prepare = (playbook: Playbook, options: PlaybookRunOptions, engine: ExecutionEngine): PreparedRun => {
  const { maxTimeoutMs } = engine.config
  const secrets = new Secrets(engine)
  let values: ReadonlyMap<string, Values> = new Map()
  let resumed = ALL_STEPS
  const found = Findings.of((findings) => {
    checkOptions(options, findings)
    resumed = resume(playbook, options.resumeFrom, findings)
    values = stepValues(playbook, options, secrets, findings)
    for (const [index, step] of playbook.steps.entries()) {
      checkTimeout(step, index, maxTimeoutMs, findings)
      checkUnset(step, index, values.get(step.id) ?? new Map(), findings)
      checkShell(step, index, findings)
    }
  })
  if (found.length > 0) {
    // These are not in the playbook's text, so they have no line.
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

const stepValues = (
  { parameters, steps }: Playbook,
  { parameters: given = {} }: PlaybookRunOptions,
  secrets: Secrets,
  findings: Findings,
): ReadonlyMap<string, Values> => {
  // Steps without parameters of their own share the playbook's, which are checked once.
  const scopes = new Set<Parameters>([parameters, ...steps.map((step) => step.parameters)])
  const values = givenValues(given, [...scopes], findings)
  const byScope = new Map([...scopes].map((scope) => [scope, valuesOf(scope, values)]))
  const reported = new Set<string>()
  for (const [scope, seen] of byScope) {
    for (const [name, { required, secret }] of scope) {
      const value = seen.get(name)
      if (value === undefined && required && !reported.has(name)) {
        reported.add(name)
        findings.add(['parameters', name], `the parameter \`${name}\` has no value`, 'give it one: it is required')
      }
      // A shorter one has been reported already.
      if (value !== undefined && secret && isMaskable(String(value))) secrets.add(name, String(value))
    }
  }
  return new Map(steps.map((step) => [step.id, byScope.get(step.parameters) ?? new Map()]))
}

const checkTimeout = ({ timeoutMs }: Step, index: number, maxTimeoutMs: number, findings: Findings): void => {
  if (timeoutMs === null || timeoutMs <= maxTimeoutMs) return
  const hint = `the engine’s maxTimeoutMs allows ${maxTimeoutMs / 1000} seconds`
  findings.add(['steps', index, 'timeout_sec'], `it is ${timeoutMs / 1000}`, hint)
}

/** A parameter that may be missing can be used in conditions only. */
const checkUnset = (step: Step, index: number, values: Values, findings: Findings): void => {
  for (const [field, used] of stepReferences(step)) {
    if (field === 'when') continue
    for (const reference of used) {
      if (reference.kind !== 'parameter' || values.has(reference.name)) continue
      if (step.parameters.get(reference.name)?.required) continue
      findings.add(['steps', index, field], `{${reference.name}} has no value`, 'give it one, or declare a default')
    }
  }
}

const checkShell = ({ command, rollback }: Step, index: number, findings: Findings): void => {
  if (process.platform !== 'win32') return
  const usesValues = [command, rollback].some((one) => one?.kind === 'shell' && one.script.variables.size > 0)
  if (!usesValues) return
  const message = 'cmd.exe puts values into its line as code'
  findings.add(['steps', index, 'command'], message, 'leave `shell` out, or the values')
}
