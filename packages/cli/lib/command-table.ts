/** What can be typed: one table, of which parsing, help and completion are made. */
import { didYouMean } from '@escher/execution-engine/support'
import { riskLevels } from '@escher/execution-manager'
import { type CommandInfo, type Option, UsageError } from './arguments.js'

const shared: Record<string, Option> = {
  json: { type: 'boolean', about: 'one JSON object per line' },
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
      'approve-up-to': { type: 'string', value: 'LEVEL', about: `${riskLevels.join(', ')}: ask above it` },
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
    usage: 'exec [options] [--] PROGRAM [ARGS…]',
    about: 'run one program, as the engine would',
    operands: 'program',
    options: {
      timeout,
      shell: { type: 'boolean', about: 'PROGRAM is a command line for the shell' },
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
    operands: 'shell',
    options: { help: shared['help']! },
    examples: ['completion bash > ~/.local/share/bash-completion/completions/escher-exec'],
  },
}

export const findCommand = (name: string): CommandInfo => {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command !== undefined) return command
  const names = Object.keys(commands)
  throw new UsageError(`there is no command ${name}; ${didYouMean(name, names, `there are ${names.join(', ')}`)}`)
}
