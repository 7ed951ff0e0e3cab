// What a host left behind when it died.

import { join } from 'node:path'

import ava from 'ava'

import { temporaryFolder, testEngine } from '@escher/testing/engine'
import { Recorder, sh } from '@escher/testing/recorder'
import { canLook, newMark } from '@escher/testing/processes'
import { startProgram } from '@escher/testing/program'
import { until } from '@escher/testing/wait'

const hostThatRuns = join(import.meta.dirname, '../fixtures/host-that-runs.mjs')
const test = canLook ? ava : ava.skip

test('executions of a killed host are found as interrupted, once', async (t) => {
  const logDir = await temporaryFolder(t)
  const mark = newMark()
  const host = startProgram(t, [hostThatRuns, logDir, '2'], { env: { ...process.env, ...mark.env } })
  const ids = (await host.said(/^running.*(?=\n)/m)).split(' ').slice(1)
  t.is(ids.length, 2)
  host.kill()
  t.is((await host.ended).signal, 'SIGKILL')
  await until(async () => (await mark.processes()).length === 0)

  const engine = await testEngine(t, { logDir })
  const recovered = await engine.recover()
  t.deepEqual(recovered.map(({ id }) => id).toSorted(), ids.toSorted())
  for (const execution of recovered) {
    t.regex(execution.command, /sleep/)
    t.true(execution.logPath.endsWith(`${execution.id}.log`))
    t.deepEqual(execution.survivors, [])
    t.false(Number.isNaN(Date.parse(execution.startedAt)))
    const log = await engine.readLogs(execution.id)
    t.regex(log, /^\S+Z O {2}before the end$/m)
    t.regex(log, /^#end \{.*"interrupted".*\}$/m)
  }
  t.deepEqual(await engine.recover(), [])
})

test('executions of a live host are not touched', async (t) => {
  const logDir = await temporaryFolder(t)
  const owner = await testEngine(t, { logDir })
  const recorder = new Recorder()
  const id = await owner.execute(sh('echo ready; read go', { stdin: 'pipe' }), recorder.listener)
  await recorder.line('ready')
  const other = await testEngine(t, { logDir })
  t.deepEqual(await other.recover({ stopSurvivors: true }), [])
  t.deepEqual(await owner.recover(), [])
  await owner.closeStdin(id)
  t.is((await owner.waitForCompletion(id)).signal, null)

  const host = startProgram(t, [hostThatRuns, logDir, '1'])
  const [, theirs] = (await host.said(/^running.*(?=\n)/m)).split(' ')
  t.deepEqual(await other.recover({ stopSurvivors: true }), [])
  host.kill()
  await host.ended
  t.deepEqual(
    (await other.recover()).map((found) => found.id),
    [theirs],
  )
})

test('an empty folder has nothing to recover', async (t) => {
  const engine = await testEngine(t)
  t.deepEqual(await engine.recover(), [])
})
