/** Commands of a playbook: words with placeholders, or a script for the shell. */
import { basename } from 'node:path'

import type { ExecutionCommand } from '@escher/execution-engine'
import { commandLine, splitWords } from './shell-words.js'
import { parseScript, type ShellScript } from './shell-script.js'
import { fill, parseTemplate, type Reference, type Scope, type Template, type TemplateProblem } from './template.js'
import type { PlannedCommand } from '../run/types.js'

export type StepCommand =
  | { readonly kind: 'exec'; readonly words: readonly Template[] }
  | { readonly kind: 'shell'; readonly script: ShellScript }

/** A command with its values, ready for the engine. */
export interface FilledCommand {
  readonly command: ExecutionCommand
  /** What it needs besides the step's environment. */
  readonly env: Readonly<Record<string, string>>
  /** What a shell's placeholders stand for. */
  readonly variables: Readonly<Record<string, string>>
}

/** Understands a command; problems come back with it. */
export const parseCommand = (
  given: string | readonly string[],
  isShell: boolean,
  scope: Scope,
): { command: StepCommand; problems: TemplateProblem[] } => {
  if (isShell) {
    if (typeof given === 'string') {
      const { script, problems } = parseScript(given, scope)
      return { command: { kind: 'shell', script }, problems }
    }
    const hint = 'write the command as one text, or leave `shell` out'
    return {
      command: { kind: 'exec', words: [] },
      problems: [{ message: 'a shell takes a text, not a list of words', hint }],
    }
  }
  const words = typeof given === 'string' ? splitWords(given) : given
  if (!Array.isArray(words)) return { command: { kind: 'exec', words: [] }, problems: [words as TemplateProblem] }
  const templates = (words as readonly string[]).map((word) => parseTemplate(word, scope))
  const problems = templates.flatMap((template) => template.problems)
  const first = words[0] as string
  if (first === '') problems.push({ message: 'the program has no name', hint: 'the first word names it' })
  return { command: { kind: 'exec', words: templates.map(({ parts }) => parts) }, problems }
}

export const commandReferences = (command: StepCommand): Reference[] =>
  command.kind === 'shell'
    ? [...command.script.variables.values()]
    : command.words.flatMap((word) => word.filter((part) => typeof part !== 'string'))

// The AWS command line would wait for somebody to leave its pager.
const quietAws = (program: string): Readonly<Record<string, string>> =>
  basename(program).replace(/\.exe$/i, '') === 'aws' ? { AWS_PAGER: '' } : {}

export const execCommand = ([program = '', ...args]: readonly string[]): FilledCommand => ({
  command: { type: 'exec', program, args },
  env: quietAws(program),
  variables: {},
})

export const shellCommand = (script: string, variables: Readonly<Record<string, string>>): FilledCommand => ({
  command: { type: 'shell', command: script },
  env: { AWS_PAGER: '' },
  variables,
})

/** Puts the values in. Each stays inside its own word, or variable. */
export const fillCommand = (command: StepCommand, valueOf: (reference: Reference) => string): FilledCommand => {
  if (command.kind === 'exec') return execCommand(command.words.map((word) => fill(word, valueOf)))
  const { script, variables } = command.script
  return shellCommand(script, Object.fromEntries([...variables].map(([name, reference]) => [name, valueOf(reference)])))
}

/** As it may be shown. */
export const planned = ({ command, variables }: FilledCommand, mask: (text: string) => string): PlannedCommand =>
  command.type === 'shell'
    ? {
        kind: 'shell',
        script: mask(command.command),
        env: Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, mask(value)])),
      }
    : { kind: 'exec', argv: wordsOf(command).map(mask) }

export const wordsOf = (command: ExecutionCommand): string[] =>
  command.type === 'exec' ? [command.program, ...(command.args ?? [])] : []

/** As one would type it. */
export const shownCommand = (command: PlannedCommand): string =>
  command.kind === 'shell' ? command.script : commandLine(command.argv)
