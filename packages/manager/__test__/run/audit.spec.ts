import test from 'ava'

import type { AuditRecord } from '@escher/execution-manager'
import { playbook, script, testManager } from '../helpers/playbook.js'

test('each step leaves a record in the shape of the storage service', async (t) => {
  const { manager } = testManager(t)
  const records: AuditRecord[] = []
  const result = await manager.run(
    playbook([
      { command: script('process.stdout.write("é".repeat(600)); console.error("warned")'), parameters: {} },
      { command: 'echo {token}', parameters: { token: { default: 'hush-hush', secret: true } } },
      { command: 'exit 3', shell: true },
      { command: 'echo {steps.2.stdout}' },
    ]),
    { conversationId: 'c-1', records: { write: (record) => void records.push(record) } },
  )
  t.deepEqual(Object.keys(records[0] ?? {}), [
    'id',
    'conversation_id',
    'command',
    'command_type',
    'status',
    'started_at',
    'completed_at',
    'duration_sec',
    'exit_code',
    'output_summary',
    'error_summary',
    'full_output_path',
  ])
  t.deepEqual(
    records.map(({ status, exit_code, command_type }) => [status, exit_code, command_type]),
    [
      ['completed', 0, 'exec'],
      ['completed', 0, 'exec'],
      ['failed', 3, 'shell'],
      ['skipped', null, 'exec'],
    ],
  )
  t.is(records[0]?.id, result.steps[0]?.result?.id)
  t.is(records[0]?.conversation_id, 'c-1')
  t.is(records[0]?.output_summary, 'é'.repeat(500))
  t.is(records[0]?.error_summary, 'warned\n')
  t.is(records[0]?.full_output_path, result.steps[0]?.result?.logPath ?? '')
  t.deepEqual([records[1]?.command, records[1]?.output_summary], ["echo '***'", '***\n'])
  t.is(records[3]?.command, "echo '{steps.2.stdout}'")
  t.is(records[3]?.error_summary, 'step `3` failed')
  t.is(records[3]?.started_at, null)
  t.deepEqual(result.recordErrors, [])
})

test('a summary never ends in half a character', async (t) => {
  const { manager } = testManager(t)
  const records: AuditRecord[] = []
  await manager.run(playbook([{ command: script('console.log("x" + "𝄞".repeat(600))') }]), {
    records: { write: (record) => void records.push(record) },
  })
  t.is(records[0]?.output_summary, `x${'𝄞'.repeat(499)}`)
})
