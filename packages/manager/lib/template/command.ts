/** Commands of a playbook: words with placeholders, or a script for the shell. */
import { basename } from 'node:path'

import type { ExecutionCommand } from '@escher/execution-engine'

import { isProblem, type Problem } from './problem.js'
import { parseScript, type ShellScript } from './shell-script.js'
import { commandLine, splitWords } from './shell-words.js'
import { fill, parseTemplate, type Reference, references, type Scope, type Template } from './template.js'

/** A command as written, with placeholders. */
export type StepCommand =
  | { readonly kind: 'exec'; readonly words: readonly Template[] }
  | { readonly kind: 'shell'; readonly script: ShellScript }

/** A command with its values, ready for the engine. */
export interface FilledCommand {
  readonly command: ExecutionCommand
  /** Variables it needs in addition to the step's environment. */
  readonly env: Readonly<Record<string, string>>
  /** The values of a script's placeholders. */
  readonly variables: Readonly<Record<string, string>>
}

/** A command as it would run, secrets masked. */
export type PlannedCommand =
  | { readonly kind: 'exec'; readonly argv: readonly string[] }
  /** `env`: the values of the script's placeholders, by the variables that replace them. */
  | { readonly kind: 'shell'; readonly script: string; readonly env: Readonly<Record<string, string>> }

/** Replaces secrets in a string. */
export type Mask = (text: string) => string

const NO_WORDS: StepCommand = { kind: 'exec', words: [] }

/** Reads a command, and reports its problems. */
export const parseCommand = (
  given: string | readonly string[],
  isShell: boolean,
  scope: Scope,
): { command: StepCommand; problems: readonly Problem[] } => {
  if (isShell) {
    if (typeof given === 'string') {
      const { script, problems } = parseScript(given, scope)
      return { command: { kind: 'shell', script }, problems }
    }
    const hint = 'write the command as one string, or leave `shell` out'
    return { command: NO_WORDS, problems: [{ message: 'a shell takes a string, not an array of words', hint }] }
  }
  const words = typeof given === 'string' ? splitWords(given) : given
  if (isProblem(words)) return { command: NO_WORDS, problems: [words] }
  const templates = words.map((word) => parseTemplate(word, scope))
  const problems = templates.flatMap((template) => template.problems)
  if (words[0] === '') problems.push({ message: 'the program has no name', hint: 'the first word names it' })
  return { command: { kind: 'exec', words: templates.map(({ parts }) => parts) }, problems }
}

/** The references in a command. */
export const commandReferences = (command: StepCommand): Reference[] =>
  command.kind === 'shell' ? [...command.script.variables.values()] : command.words.flatMap(references)

// The AWS command line would wait for a person to close its pager.
const withoutPager = { AWS_PAGER: '' }

const isAws = (program: string): boolean => basename(program).replace(/\.exe$/i, '') === 'aws'

export const execCommand = ([program = '', ...args]: readonly string[]): FilledCommand => ({
  command: { type: 'exec', program, args },
  env: isAws(program) ? withoutPager : {},
  variables: {},
})

export const shellCommand = (script: string, variables: Readonly<Record<string, string>>): FilledCommand => ({
  command: { type: 'shell', command: script },
  env: withoutPager,
  variables,
})

/** Fills in the values. Each stays inside its own word, or variable. */
export const fillCommand = (command: StepCommand, valueOf: (reference: Reference) => string): FilledCommand => {
  if (command.kind === 'exec') return execCommand(command.words.map((word) => fill(word, valueOf)))
  const { script, variables } = command.script
  return shellCommand(script, Object.fromEntries([...variables].map(([name, reference]) => [name, valueOf(reference)])))
}

/** The words of a command that is not run by a shell. */
export const wordsOf = (command: ExecutionCommand): string[] =>
  command.type === 'exec' ? [command.program, ...(command.args ?? [])] : []

/** A command as it may be shown. */
export const planned = ({ command, variables }: FilledCommand, mask: Mask): PlannedCommand =>
  command.type === 'shell'
    ? {
        kind: 'shell',
        script: mask(command.command),
        env: Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, mask(value)])),
      }
    : { kind: 'exec', argv: wordsOf(command).map(mask) }

/** A command as one would type it. */
export const typedCommand = (command: PlannedCommand): string =>
  command.kind === 'shell' ? command.script : commandLine(command.argv)

/** A command as one would type it, with its placeholders. */
export const writtenCommand = (command: StepCommand): string =>
  typedCommand(
    planned(
      fillCommand(command, ({ text }) => `{${text}}`),
      (text) => text,
    ),
  )
