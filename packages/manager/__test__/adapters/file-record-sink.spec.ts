import { chmodSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import { type AuditRecord, FileRecordSink } from '@escher/execution-manager'
import { temporaryFolder } from '@escher/testing/engine'
import { playbook, testManager } from '../helpers/playbook.js'

test('the file sink appends lines that only the owner can read', async (t) => {
  const { manager } = testManager(t)
  const path = join(temporaryFolder(t), 'audit.jsonl')
  for (const turn of [1, 2]) {
    await using records = new FileRecordSink(path)
    const result = await manager.run(
      playbook([{ command: 'echo a', depends_on: [] }, { command: 'echo b' }, { command: 'echo "c\nd"' }]),
      { records },
    )
    t.deepEqual(result.recordErrors, [])
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    t.is(lines.length, 3 * turn)
    t.true(lines.every((line) => (JSON.parse(line) as AuditRecord).status === 'completed'))
  }
  t.is(statSync(path).mode & 0o777, 0o600)
  chmodSync(path, 0o644)
  writeFileSync(path, '{"torn', { flag: 'a' })
  await using records = new FileRecordSink(path)
  await manager.run(playbook([{ command: 'echo' }]), { records })
  t.is(statSync(path).mode & 0o777, 0o600)
  t.is(readFileSync(path, 'utf8').trimEnd().split('\n').length, 8)
})

test('a sink that is a link, a directory or another’s file is refused; the run goes on and reports it', async (t) => {
  const { manager } = testManager(t)
  const folder = temporaryFolder(t)
  const target = join(folder, 'target')
  writeFileSync(target, 'mine')
  symlinkSync(target, join(folder, 'symbolic'))
  linkSync(target, join(folder, 'hard'))
  mkdirSync(join(folder, 'folder'))
  for (const name of ['symbolic', 'hard', 'folder', 'missing/file']) {
    await using records = new FileRecordSink(join(folder, name))
    const result = await manager.run(playbook([{ command: 'echo' }]), { records })
    t.is(result.status, 'completed')
    t.is(result.recordErrors.length, 1, name)
    t.regex(result.recordErrors[0] ?? '', /^step `1`: /)
  }
  t.is(readFileSync(target, 'utf8'), 'mine')
})
