/** A result's output in the encoding that was asked for. */
import type { ExecutionResult, OutputEncoding } from './types.js'

/** The same result, with its output made from its bytes. UTF-8 is what it has already. */
export const encoded = (
  result: ExecutionResult,
  encoding: OutputEncoding,
): ExecutionResult | ExecutionResult<Buffer> => {
  const { raw, all: _, ...rest } = result
  if (encoding === 'utf8' || raw === undefined) return result
  if (encoding === 'buffer') return { ...rest, ...raw, raw }
  const { stdout, stderr, all } = raw
  const text = (bytes: Buffer): string => bytes.toString(encoding)
  return { ...rest, raw, stdout: text(stdout), stderr: text(stderr), ...(all && { all: text(all) }) }
}
