/** Arguments, taken apart as a command describes them. */
import { parseArgs, type ParseArgsConfig } from 'node:util'

import { didYouMean } from '@escher/execution-engine/support'

/** The command line is wrong; the message says how. */
export class UsageError extends Error {}

export interface Option {
  type: 'boolean' | 'string'
  multiple?: boolean
  /** What stands for the value in the help. */
  value?: string
  short?: string
  about: string
}

export interface CommandInfo {
  usage: string
  about: string
  options: Readonly<Record<string, Option>>
  examples: readonly string[]
  /** What stands for itself: a file, an id. */
  operands?: 'file' | 'id' | 'program' | 'shell'
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number]

export interface Parsed {
  options: Record<string, string | boolean | (string | boolean)[] | undefined>
  operands: string[]
}

/** The value of a `--name VALUE`. */
export const stringOf = ({ options }: Parsed, name: string): string | undefined => {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

/** The values of a `--name VALUE` that may be repeated. */
export const stringsOf = ({ options }: Parsed, name: string): string[] => {
  const value = options[name]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** A whole number above zero. */
export const numberOf = (parsed: Parsed, name: string): number | undefined => {
  const text = stringOf(parsed, name)
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--${name} is ${text}: a whole number above zero is needed`)
  return Number(text)
}

/** One of the words that an option knows. */
export const wordOf = <Word extends string>(parsed: Parsed, name: string, words: readonly Word[]): Word | undefined => {
  const text = stringOf(parsed, name)
  if (text === undefined) return undefined
  const found = words.find((word) => word === text)
  if (found === undefined) {
    throw new UsageError(`--${name} is ${text}: ${didYouMean(text, words, 'there are')} (${words.join(', ')})`)
  }
  return found
}

/** A program's own options are not looked at: they begin with its name, or behind `--`. */
const split = (
  tokens: readonly Token[],
  args: readonly string[],
): { own: readonly string[]; rest: readonly string[] } => {
  const end = tokens.find(({ kind }) => kind !== 'option')
  if (end === undefined) return { own: args, rest: [] }
  return { own: args.slice(0, end.index), rest: args.slice(end.kind === 'positional' ? end.index : end.index + 1) }
}

/** Takes a command's arguments apart. */
export const parse = (command: CommandInfo, args: readonly string[]): Parsed => {
  const options: NonNullable<ParseArgsConfig['options']> = {}
  for (const [name, { type, multiple = false, short }] of Object.entries(command.options)) {
    options[name] = { type, multiple, ...(short !== undefined && { short }) }
  }
  const read = (given: readonly string[], strict: boolean) =>
    parseArgs({ args: [...given], options, strict, allowPositionals: true, tokens: true })
  const { tokens } = read(args, false)
  const { own, rest } = command.operands === 'program' ? split(tokens, args) : { own: args, rest: [] }
  const unknown = tokens.find(
    (token) => token.kind === 'option' && token.index < own.length && !Object.hasOwn(options, token.name),
  )
  if (unknown?.kind === 'option') {
    const names = Object.keys(options).map((name) => `--${name}`)
    const hint = didYouMean(unknown.rawName, names, `there are ${names.join(', ')}`)
    throw new UsageError(`there is no option ${unknown.rawName}; ${hint}`)
  }
  try {
    const { values, positionals } = read(own, true)
    return { options: values, operands: [...positionals, ...rest] }
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.split('. To specify')[0]! : String(error))
  }
}

/** Refuses operands that the command does nothing with. */
export const checkOperands = ({ operands: known }: CommandInfo, { operands }: Parsed): void => {
  if (known === 'program') return
  const extra = operands[known === undefined ? 0 : 1]
  if (extra === undefined) return
  const takes = known === undefined ? 'takes no operands' : `takes one ${known}`
  throw new UsageError(`there is nothing to do with ${extra}: the command ${takes}`)
}
