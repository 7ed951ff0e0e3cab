/** What can be typed: one table, of which parsing, help and completion are made. */
import { parseArgs, type ParseArgsConfig } from 'node:util'

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
  operands?: 'file' | 'id' | 'program'
}

const shared: Record<string, Option> = {
  json: { type: 'boolean', about: 'one JSON object a line' },
  home: { type: 'string', value: 'DIR', about: 'where logs and runs are kept (ESCHER_EXEC_HOME)' },
  help: { type: 'boolean', short: 'h', about: 'this help' },
}

const timeout: Option = { type: 'string', value: 'SECONDS', about: 'stop it after so long' }

export const commands: Readonly<Record<string, CommandInfo>> = {
  run: {
    usage: 'run PLAYBOOK [options]',
    about: 'run a playbook',
    operands: 'file',
    options: {
      param: { type: 'string', multiple: true, short: 'p', value: 'NAME=VALUE', about: 'a parameter; may be repeated' },
      'dry-run': { type: 'boolean', about: 'show what would run, run nothing' },
      yes: { type: 'boolean', short: 'y', about: 'approve every step' },
      'approve-up-to': { type: 'string', value: 'LEVEL', about: 'read_only, modify or destructive: ask above it' },
      from: { type: 'string', value: 'STEP', about: 'go on from this step of the last run' },
      rollback: { type: 'boolean', about: 'when it fails, undo completed steps' },
      parallel: { type: 'string', value: 'N', about: 'steps of a graph at once (4)' },
      records: { type: 'string', value: 'FILE', about: 'audit records, JSON Lines' },
      plain: { type: 'boolean', about: 'lines instead of a live view' },
      ...shared,
    },
    examples: [
      'run deploy.json --param region=eu-central-1',
      'run deploy.json --dry-run',
      'run deploy.json --from push --yes',
      'run deploy.json --json | jq .type',
    ],
  },
  exec: {
    usage: 'exec [options] -- PROGRAM [ARGS…]',
    about: 'run one program, as the engine would',
    operands: 'program',
    options: {
      timeout,
      shell: { type: 'boolean', about: 'PROGRAM is a line for the shell' },
      secret: {
        type: 'string',
        multiple: true,
        value: 'VARIABLE',
        about: 'mask this variable’s value wherever it shows',
      },
      ...shared,
    },
    examples: ['exec -- git status', 'exec --timeout 60 -- terraform plan', "exec --shell -- 'npm ci && npm test'"],
  },
  logs: {
    usage: 'logs ID [--follow]',
    about: 'show what an execution wrote',
    operands: 'id',
    options: {
      follow: { type: 'boolean', short: 'f', about: 'go on until it ends' },
      raw: { type: 'boolean', about: 'the log as it is, with times and streams' },
      ...shared,
    },
    examples: ['logs 0192f3c1', 'logs --follow 0192f3c1', 'logs --json 0192f3c1'],
  },
  list: {
    usage: 'list [--limit N]',
    about: 'list executions, the newest first',
    options: {
      limit: { type: 'string', short: 'n', value: 'N', about: 'at most so many (20)' },
      status: { type: 'string', value: 'STATUS', about: 'only those with this status' },
      ...shared,
    },
    examples: ['list', 'list --status failed', 'list --json --limit 1000'],
  },
  recover: {
    usage: 'recover [--stop]',
    about: 'find what a crash cut off',
    options: { stop: { type: 'boolean', about: 'stop processes that survived' }, ...shared },
    examples: ['recover', 'recover --stop'],
  },
  completion: {
    usage: 'completion bash|zsh|fish',
    about: 'print a completion script',
    options: { help: shared['help']! },
    examples: ['completion bash > ~/.local/share/bash-completion/completions/escher-exec'],
  },
}

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

/** Takes a command's arguments apart. */
export const parse = (command: CommandInfo, args: readonly string[]): Parsed => {
  const options: NonNullable<ParseArgsConfig['options']> = {}
  for (const [name, { type, multiple = false, short }] of Object.entries(command.options)) {
    options[name] = { type, multiple, ...(short !== undefined && { short }) }
  }
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    return { options: values, operands: positionals }
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.split('. To specify')[0]! : String(error))
  }
}
