/** One step of a playbook: what it is, and how it is read from the file. */
import { parseCommand, type StepCommand } from '../template/command.js'
import { type Condition, parseCondition } from '../template/condition.js'
import { isProblem, type Problem } from '../template/problem.js'
import { commandLine } from '../template/shell-words.js'
import { parseTemplate, type Scope, type Template } from '../template/template.js'
import { type Parameters, parametersOf } from './parameters.js'
import type { Findings, Path } from './problems.js'
import { type RetryPolicy, retryPolicyOf } from './retry-policy.js'
import type { RiskLevel, StepFile } from './schema.js'

/** A step, parsed and checked. */
export interface Step {
  readonly id: string
  readonly name: string
  readonly description: string | null
  readonly riskLevel: RiskLevel | null
  readonly expectedDurationMs: number | null
  /** For each attempt. */
  readonly timeoutMs: number | null
  readonly continueOnError: boolean
  readonly always: boolean
  readonly retry: RetryPolicy
  /** Steps that must end first: its dependencies, or the step before it. */
  readonly after: readonly string[]
  /** The parameters its placeholders can name: its own, then the playbook's. */
  readonly parameters: Parameters
  /** Its condition, as written. */
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

/** What the steps of a playbook share. */
export interface StepContext {
  readonly parameters: Parameters
  readonly scope: Scope
}

const MAX_NAME = 120

/** Reads one step and reports the problems of each field. */
export class StepReader {
  readonly #file: StepFile
  readonly #path: Path
  readonly #findings: Findings
  readonly #scope: Scope
  readonly #parameters: Parameters

  constructor(file: StepFile, path: Path, findings: Findings, context: StepContext) {
    this.#file = file
    this.#path = path
    this.#findings = findings
    this.#parameters = context.parameters
    this.#scope = context.scope
    if (file.parameters === undefined) return
    const own = parametersOf(file.parameters, [...path, 'parameters'], findings)
    this.#parameters = new Map([...context.parameters, ...own])
    this.#scope = { parameters: new Set(this.#parameters.keys()), steps: context.scope.steps }
  }

  step(id: string, after: readonly string[]): Step {
    const file = this.#file
    return {
      id,
      name: file.name ?? nameFrom(file.command),
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
      env: this.#environment(),
      workingDir: file.working_dir === undefined ? null : this.#template(file.working_dir, 'working_dir'),
      stdin: file.stdin === undefined ? null : this.#template(file.stdin, 'stdin'),
    }
  }

  #condition(): Condition | null {
    if (this.#file.when === undefined) return null
    const condition = parseCondition(this.#file.when, this.#scope)
    if (!isProblem(condition)) return condition
    this.#report([condition], 'when')
    return null
  }

  #command(field: 'command' | 'rollback', given: string | readonly string[]): StepCommand {
    const { command, problems } = parseCommand(given, this.#file.shell ?? false, this.#scope)
    this.#report(problems, field)
    return command
  }

  #environment(): ReadonlyMap<string, Template | null> {
    const variables = Object.entries(this.#file.env ?? {})
    return new Map(variables.map(([name, value]) => [name, value === null ? null : this.#template(value, 'env', name)]))
  }

  #template(text: string, field: keyof StepFile, ...rest: string[]): Template {
    const { parts, problems } = parseTemplate(text, this.#scope)
    this.#report(problems, field, ...rest)
    return parts
  }

  #report(problems: readonly Problem[], field: keyof StepFile, ...rest: string[]): void {
    for (const { message, hint } of problems) this.#findings.add([...this.#path, field, ...rest], message, hint)
  }
}

const nameFrom = (command: string | readonly string[]): string => {
  const written = typeof command === 'string' ? command.trim() : commandLine(command)
  return written.length > MAX_NAME ? `${written.slice(0, MAX_NAME - 1)}…` : written
}
