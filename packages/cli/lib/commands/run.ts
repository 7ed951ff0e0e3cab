/** `escher-exec run`: a playbook, with a view of it. */
import {
  ExecutionManager,
  FileRecordSink,
  loadPlaybook,
  type PlaybookResult,
  type PlaybookRun,
  type PlaybookRunOptions,
  riskLevels,
} from '@escher/execution-manager'
import { approver } from '../ui/approval.js'
import { numberOf, type Parsed, stringOf, stringsOf, UsageError, wordOf } from '../arguments.js'
import { openEngine } from '../engine.js'
import { FAILED, INTERRUPTED, OK, REFUSED } from '../exit-codes.js'
import type { Home } from '../home.js'
import { onInterrupt } from '../interrupt.js'
import { JsonView, LiveView, PlainView, type View } from '../ui/views.js'

const parameters = (given: readonly string[]): Record<string, string> => {
  const pairs = given.map((pair) => {
    const at = pair.indexOf('=')
    if (at <= 0) throw new UsageError(`--param ${pair}: NAME=VALUE is needed`)
    return [pair.slice(0, at), pair.slice(at + 1)] as const
  })
  return Object.fromEntries(pairs)
}

const viewFor = ({ options }: Parsed): View => {
  if (options['json'] === true) return new JsonView()
  const isTerminal = process.stdout.isTTY === true && process.env['TERM'] !== 'dumb'
  return options['plain'] === true || !isTerminal ? new PlainView() : new LiveView()
}

const showPlan = ({ plan }: PlaybookResult): void => {
  for (const { id, command, riskLevel, needsApproval, when } of plan ?? []) {
    const what = command.kind === 'exec' ? JSON.stringify(command.argv) : `shell ${JSON.stringify(command.script)}`
    const notes = [riskLevel, ...(needsApproval ? ['asks'] : []), ...(when === null ? [] : [`when ${when}`])]
    process.stdout.write(`${id}\t${what}\t${notes.join(', ')}\n`)
    for (const [name, value] of command.kind === 'shell' ? Object.entries(command.env) : []) {
      process.stdout.write(`\t  ${name}=${JSON.stringify(value)}\n`)
    }
  }
}

const exitCodeOf = ({ status, error }: PlaybookResult, wasInterrupted: boolean): number => {
  if (status === 'completed') return OK
  if (wasInterrupted) return INTERRUPTED
  return error?.code === 'APPROVAL_REJECTED' || error?.code === 'APPROVAL_MISSING' ? REFUSED : FAILED
}

export const run = async (parsed: Parsed, home: Home): Promise<number> => {
  const { options, operands } = parsed
  const [file] = operands
  if (file === undefined) throw new UsageError('run needs one playbook')
  const given = parameters(stringsOf(parsed, 'param'))
  const approvalLevel = wordOf(parsed, 'approve-up-to', riskLevels)
  const playbook = await loadPlaybook(file)

  const isDry = options['dry-run'] === true
  const from = stringOf(parsed, 'from')
  const state = from === undefined ? undefined : await home.lastState(file)
  const maxParallel = numberOf(parsed, 'parallel')
  const view = viewFor(parsed)
  const onApproval = approver(view, options['yes'] === true)
  await using engine = await openEngine(home)
  await using manager = new ExecutionManager(engine)
  await using records = new FileRecordSink(stringOf(parsed, 'records') ?? home.records)
  const runOptions: PlaybookRunOptions = {
    parameters: given,
    ...(approvalLevel !== undefined && { approvalLevel }),
    dryRun: isDry,
    rollback: options['rollback'] === true,
    onEvent: (event) => {
      if (!isDry || options['json'] === true) view.event(event)
    },
    ...(isDry ? {} : { records }),
    ...(onApproval && { onApproval }),
    ...(maxParallel !== undefined && { maxParallel }),
    ...(from !== undefined && { resumeFrom: { step: from, ...(state && { state }) } }),
  }
  const running: PlaybookRun = manager.run(playbook, runOptions)
  let wasInterrupted = false
  const stopListening = onInterrupt(() => {
    wasInterrupted = true
    running.cancel()
  }, INTERRUPTED)
  if (!isDry) view.attach(running)
  const result = await running.result
  stopListening()
  if (isDry) {
    if (options['json'] !== true) showPlan(result)
    return result.status === 'completed' ? OK : FAILED
  }
  view.end(result)
  for (const message of result.recordErrors) process.stderr.write(`no record was written: ${message}\n`)
  await home.keepState(file, running.state)
  return exitCodeOf(result, wasInterrupted)
}
