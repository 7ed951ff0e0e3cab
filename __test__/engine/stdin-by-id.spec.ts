// What a child reads while it runs, written by id or by handle.

import test from 'ava'

import { testEngine } from '@escher/testing/engine'
import { Recorder, sh } from '@escher/testing/recorder'

test('a question is answered when it was asked', async (t) => {
  const engine = testEngine(t)
  const execution = engine.run(sh('echo name?; read name; echo "hello $name"').command, { stdin: 'pipe' })
  const seen: string[] = []
  for await (const { text } of execution) {
    seen.push(text)
    if (text === 'name?') execution.stdin.end('Ada\n')
  }
  t.deepEqual(seen, ['name?', 'hello Ada'])
})

test('a pipe that is never ended does not outlive a cancel', async (t) => {
  const engine = testEngine(t)
  const execution = engine.run('cat', [], { stdin: 'pipe' })
  execution.stdin.write('one')
  execution.cancel()
  t.is((await execution).status, 'cancelled')
})

test('by id: writeStdin and closeStdin', async (t) => {
  const engine = testEngine(t)
  const recorder = new Recorder()
  const id = await engine.execute(sh('cat', { stdin: 'pipe' }), recorder.listener)
  await engine.writeStdin(id, 'one\n')
  await recorder.line('one')
  await engine.writeStdin(id, new TextEncoder().encode('two\n'))
  await engine.closeStdin(id)
  t.is((await engine.waitForCompletion(id)).stdout, 'one\ntwo\n')
})

test('the input of a queued execution is kept for it', async (t) => {
  const engine = testEngine(t, { maxConcurrentExecutions: 1 })
  const first = engine.run(sh('read go').command, { stdin: 'pipe' })
  const second = engine.run('cat', [], { stdin: 'pipe' })
  second.stdin.end('for later')
  first.stdin.end('\n')
  await first
  t.is((await second).stdout, 'for later')
})
