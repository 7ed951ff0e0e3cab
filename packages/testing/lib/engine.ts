import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { ExecutionContext } from 'ava'

import { ExecutionEngine, type ExecutionConfig } from '@escher/execution-engine'

/** A folder that goes with the test. */
export const temporaryFolder = (t: ExecutionContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'execution-engine-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** An engine with a log folder of its own; ends with the test. */
export const testEngine = (t: ExecutionContext, config: ExecutionConfig = {}): ExecutionEngine => {
  const logDir = temporaryFolder(t)
  const engine = new ExecutionEngine({ logDir, killGraceMs: 500, ...config })
  t.teardown(() => engine.shutdown())
  return engine
}

/** The arguments that make Node run some code. */
export const node = (code: string, ...args: string[]): [string, string[]] => [process.execPath, ['-e', code, ...args]]

/** A program that runs until it is stopped. */
export const forever: [string, string[]] = ['sleep', ['1000000']]
