// The engine through its public TypeScript API: limits on, log off unless requested.
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const require = createRequire(import.meta.url)

export const open = ({ log = false, atOnce = 1000, ...config } = {}) => {
  const { ExecutionEngine } = require('../..')
  const logDir = mkdtempSync(join(tmpdir(), 'execution-engine-bench-'))
  const engine = new ExecutionEngine({
    logDir,
    logging: log,
    maxConcurrentExecutions: atOnce,
    maxTimeoutMs: 3_600_000,
    defaultTimeoutMs: 3_600_000,
    ...config,
  })
  return {
    engine,
    lines: async (program, args, onLine) => {
      const { status } = await engine.run(program, args, {
        onEvent: (event) => {
          if (event.type === 'stdout') onLine(event.line)
        },
      })
      if (status !== 'completed') throw new Error(status)
    },
    drain: async (program, args) => (await engine.run(program, args)).stdoutBytes,
    once: async (program, args) => (await engine.run(program, args)).exitCode,
    start: (program, args) => engine.run(program, args),
    // Resolves when the tree has written its first line.
    tree: (program, args) =>
      new Promise((ready) => {
        let pid
        const execution = engine.run(program, args, {
          onEvent: (event) => {
            if (event.type === 'started') pid = event.pid
            if (event.type === 'stdout') ready({ pid, cancel: () => execution.cancel(), ended: execution.result })
          },
        })
      }),
    close: async () => {
      await engine.shutdown()
      rmSync(logDir, { recursive: true, force: true })
    },
  }
}
