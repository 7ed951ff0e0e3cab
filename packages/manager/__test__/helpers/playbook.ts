// Playbooks in short, and a manager whose engine ends with the test.

import type { ExecutionContext } from 'ava'

import type { ExecutionConfig, ExecutionEngine } from '@escher/execution-engine'
import {
  ExecutionManager,
  type ManagerOptions,
  parsePlaybook,
  type Playbook,
  PlaybookError,
  type PlaybookEvent,
  type PlaybookProblem,
} from '@escher/execution-manager'
import { testEngine } from '@escher/testing/engine'

export type StepLike = Record<string, unknown>

/** A playbook of these steps. */
export const playbook = (steps: StepLike[], rest: Record<string, unknown> = {}): Playbook =>
  parsePlaybook(JSON.stringify({ playbook_id: 'test', ...rest, steps }))

/** What a text is refused for. */
export const problemsOf = (text: string | object): readonly PlaybookProblem[] => {
  try {
    parsePlaybook(typeof text === 'string' ? text : JSON.stringify(text))
  } catch (error) {
    if (error instanceof PlaybookError) return error.problems
    throw error
  }
  return []
}

/** What a run is refused for. */
export const refusalOf = (run: () => unknown): readonly PlaybookProblem[] => {
  try {
    run()
  } catch (error) {
    if (error instanceof PlaybookError) return error.problems
    throw error
  }
  return []
}

export const testManager = (
  t: ExecutionContext,
  options: ManagerOptions = {},
  config: ExecutionConfig = {},
): { manager: ExecutionManager; engine: ExecutionEngine } => {
  const engine = testEngine(t, config)
  return { manager: new ExecutionManager(engine, options), engine }
}

/** A step that runs JavaScript. */
export const script = (code: string, ...args: string[]): string[] => [process.execPath, '-e', code, ...args]

/** A step that runs until it is stopped, after it has said that it runs. */
export const forever = script('console.log("up"); setInterval(() => {}, 1000)')

/** Prints its arguments as JSON. */
export const printArguments = script('process.stdout.write(JSON.stringify(process.argv.slice(1)))')

export const isOf =
  <Type extends PlaybookEvent['type']>(type: Type, stepId?: string) =>
  (event: PlaybookEvent): event is Extract<PlaybookEvent, { type: Type }> =>
    event.type === type && (stepId === undefined || ('stepId' in event && event.stepId === stepId))
