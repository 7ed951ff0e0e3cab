// G20: nothing leaves the machine. Node opens sockets of its own, between its own parts; the engine adds none.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { temporaryFolder } from '@escher/testing/engine'

const root = join(import.meta.dirname, '../..')

/** Network calls of a Node program and its threads. Programs that it runs are not followed: their calls are theirs. */
const networkCalls = (file: string, code: string): string[] | undefined => {
  const args = ['-f', '-qq', '-e', 'trace=%network', '-o', file, process.execPath, '-e', code]
  const { status, stderr } = spawnSync('strace', args, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  const calls = readFileSync(file, 'utf8').split('\n')
  return calls.map((line) => line.replace(/^\d+\s+/, '')).filter((line) => /^\w+\(/.test(line))
}

test('a program that uses the engine makes the network calls that it would make without it', (t) => {
  if (spawnSync('strace', ['-o', '/dev/null', 'true']).status !== 0) {
    t.log('left out: strace does not run here')
    return t.pass()
  }
  const folder = temporaryFolder(t)
  const run = `
    const { ExecutionEngine } = require('@escher/execution-engine')
    const engine = new ExecutionEngine({ logDir: ${JSON.stringify(join(folder, 'logs'))}, killGraceMs: 100 })
    const main = async () => {
      await engine.run('/bin/true')
      await engine.run({ type: 'shell', command: 'seq 1000; sleep 0.05 & exit 1' })
      await engine.run({ type: 'shell', command: 'sleep 1000' }, { timeoutMs: 50 })
      const { id } = await engine.run('/no/such/program')
      await engine.recover()
      await engine.readLogs(engine.listExecutions()[0].id)
      await engine.cleanup()
      await engine.shutdown()
    }
    main().catch((error) => { console.error(error); process.exitCode = 1 })
  `
  const own = networkCalls(join(folder, 'with'), run) ?? []
  const without = networkCalls(join(folder, 'without'), 'setTimeout(() => {}, 100)') ?? []
  t.deepEqual(
    own.filter((call) => /AF_INET|connect\(|bind\(|listen\(/.test(call)),
    [],
  )
  t.deepEqual([...new Set(own)].toSorted(), [...new Set(without)].toSorted())
})
