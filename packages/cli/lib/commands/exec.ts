/** `escher-exec exec`: one program, its output passed on as it comes. */
import type { Writable } from 'node:stream'

import type { ExecutionEvent, ExecutionResult } from '@escher/execution-engine'
import { numberOf, type Parsed, stringsOf, UsageError } from '../arguments.js'
import { MAX_TIMEOUT_MS, openEngine } from '../engine.js'
import { exitCodeOf, INTERRUPTED } from '../exit-codes.js'
import type { Home } from '../home.js'
import { onInterrupt } from '../interrupt.js'

// The last line may lack its newline.
const isWhole = (passed: number, written: number): boolean => passed === written || passed === written + 1

/** Passes lines on as they come. They are text: what was not is changed on the way, and counted. */
class Passage {
  readonly #passed = { stdout: 0, stderr: 0 }
  #hasReplacements = false

  readonly listener = (event: ExecutionEvent): void => {
    if (event.type === 'stdout' || event.type === 'stderr') {
      const text = event.partial ? event.line : `${event.line}\n`
      this.#passed[event.type] += Buffer.byteLength(text)
      this.#hasReplacements ||= text.includes('\uFFFD')
      process[event.type].write(text)
    } else if (event.type === 'warning') process.stderr.write(`escher-exec: ${event.message}\n`)
  }

  /** Whether it was all lines of text. Masked secrets change its length. */
  isExact({ stdoutBytes, stderrBytes }: ExecutionResult, isMasked: boolean): boolean {
    const { stdout, stderr } = this.#passed
    return !this.#hasReplacements && (isMasked || (isWhole(stdout, stdoutBytes) && isWhole(stderr, stderrBytes)))
  }
}

const secrets = (names: readonly string[]): string[] =>
  names.map((name) => {
    const value = process.env[name]
    if (value === undefined) throw new UsageError(`--secret ${name}: there is no such variable`)
    return value
  })

export const exec = async (parsed: Parsed, home: Home): Promise<number> => {
  const { options, operands } = parsed
  const [program, ...args] = operands
  if (program === undefined) throw new UsageError('exec needs a program: escher-exec exec PROGRAM [ARGS…]')
  if (options['shell'] === true && args.length > 0) throw new UsageError('with --shell, give one line as one argument')
  const seconds = numberOf(parsed, 'timeout')
  const masked = secrets(stringsOf(parsed, 'secret'))
  await using engine = await openEngine(home)
  const command =
    options['shell'] === true ? { type: 'shell' as const, command: program } : { type: 'exec' as const, program, args }
  const isPiped = !process.stdin.isTTY
  const passage = new Passage()
  const execution = engine.run(command, {
    stdin: isPiped ? 'pipe' : 'null',
    timeoutMs: seconds === undefined ? MAX_TIMEOUT_MS : seconds * 1000,
    secrets: masked,
    metadata: { source: 'escher-exec' },
    onEvent:
      options['json'] === true ? (event) => process.stdout.write(`${JSON.stringify(event)}\n`) : passage.listener,
  })
  const stdin = execution.stdin as Writable | null
  if (stdin !== null) {
    process.stdin.pipe(stdin)
    stdin.on('error', () => process.stdin.unpipe(stdin))
  }
  const stopListening = onInterrupt(() => execution.cancel(), INTERRUPTED)
  const result = await execution
  stopListening()
  // The other end may still be open: do not wait for it.
  process.stdin.unref?.()
  process.stdin.pause()
  const { error } = result
  const isOwn = error !== null && error.code !== 'NON_ZERO_EXIT' && error.code !== 'CANCELLED'
  if (isOwn && options['json'] !== true) process.stderr.write(`escher-exec: ${error.message}\n`)
  if (options['json'] !== true && !passage.isExact(result, masked.length > 0)) {
    process.stderr.write(
      `escher-exec: the output was not all lines of UTF-8 and was changed; as it was: escher-exec logs ${result.id}\n`,
    )
  }
  return exitCodeOf(result)
}
