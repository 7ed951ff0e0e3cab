import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import test from 'ava'

import type { PlaybookEvent } from '@escher/execution-manager'
import { temporaryFolder } from '@escher/testing/engine'
import { runHost } from '@escher/testing/host'
import { isOf, playbook, problemsOf, script, testManager } from '../helpers/playbook.js'

/** Fails until it has been called this often; says why on stderr. */
const flaky = (file: string, times: number, said = 'ThrottlingException', code = 254) =>
  script(
    `const fs = require("fs")
    fs.appendFileSync(process.argv[1], ".")
    if (fs.statSync(process.argv[1]).size < ${times}) {
      console.error(${JSON.stringify(said)})
      process.exit(${code})
    }`,
    file,
  )

const quick = { base_sec: 0.01, jitter: 'none' }

test('an attempt that failed is followed by another, each an execution of its own', async (t) => {
  const { manager } = testManager(t)
  const events: PlaybookEvent[] = []
  const command = flaky(join(temporaryFolder(t), 'calls'), 3)
  const result = await manager.run(playbook([{ command, retry_policy: { ...quick, attempts: 5 } }]), {
    onEvent: (event) => void events.push(event),
  })
  t.is(result.status, 'completed')
  t.deepEqual(
    result.steps[0]?.attempts.map(({ status, exitCode }) => [status, exitCode]),
    [
      ['failed', 254],
      ['failed', 254],
      ['completed', 0],
    ],
  )
  t.is(new Set(result.steps[0]?.attempts.map(({ executionId }) => executionId)).size, 3)
  t.deepEqual(
    events.filter(isOf('step_retry')).map(({ attempt, maxAttempts, delayMs }) => [attempt, maxAttempts, delayMs]),
    [
      [1, 5, 10],
      [2, 5, 20],
    ],
  )
  t.deepEqual(
    events.filter(isOf('step_started')).map(({ attempt }) => attempt),
    [1, 2, 3],
  )
})

test('attempts end; the last failure is the step’s', async (t) => {
  const { manager } = testManager(t)
  const file = join(temporaryFolder(t), 'calls')
  const result = await manager.run(
    playbook([{ command: flaky(file, 99), retry_policy: { ...quick } }, { command: 'echo' }]),
  )
  t.is(readFileSync(file, 'utf8'), '...')
  t.is(result.error?.code, 'NON_ZERO_EXIT')
  t.is(result.steps[1]?.status, 'skipped')
})

test('without a policy there is one attempt', async (t) => {
  const { manager } = testManager(t)
  for (const retry_policy of [undefined, 'none', { strategy: 'none', attempts: 5 }]) {
    const result = await manager.run(playbook([{ command: 'false', retry_policy }]))
    t.is(result.steps[0]?.attempts.length, 1)
  }
})

test('a program that asked at a terminal is not retried: it would fail again', async (t) => {
  const { manager } = testManager(t)
  const command = `sh -c 'read -r answer < /dev/tty'`
  const { steps, error } = await manager.run(playbook([{ command, retry_policy: { ...quick, attempts: 3 } }]))
  t.deepEqual([error?.code, steps[0]?.attempts.length], ['NEEDS_TERMINAL', 1])
})

test('retry_on: only these exit codes, strings in stderr and failure codes', async (t) => {
  const { manager } = testManager(t)
  const attempts = async (retry_on: (string | number)[], rest: object = {}, said?: string, code?: number) => {
    const command = flaky(join(temporaryFolder(t), 'calls'), 2, said, code)
    const { steps } = await manager.run(playbook([{ command, retry_policy: { ...quick, retry_on }, ...rest }]))
    return steps[0]?.attempts.length
  }
  t.is(await attempts(['ThrottlingException', 'ServiceUnavailable']), 2)
  t.is(await attempts(['RequestLimitExceeded']), 1)
  t.is(await attempts([254]), 2)
  t.is(await attempts([1, 255]), 1)
  t.is(await attempts(['NON_ZERO_EXIT']), 2)
  t.is(
    await attempts(['TIMEOUT'], {
      command: script('setInterval(() => {}, 1000)'),
      timeout_sec: 0.3,
      retry_policy: { ...quick, attempts: 2, retry_on: ['TIMEOUT'] },
    }),
    2,
  )
})

test('permanent failures are not retried', async (t) => {
  const { manager } = testManager(t)
  const result = await manager.run(
    playbook([{ command: 'no-such-program-anywhere', retry_policy: { ...quick, attempts: 9 } }]),
  )
  t.is(result.steps[0]?.attempts.length, 1)
})

test('the waits are those of the policy: fixed, linear, doubled, at most the maximum, shaken by default', async (t) => {
  const { manager } = testManager(t)
  const delays = async (retry_policy: object) => {
    const events: PlaybookEvent[] = []
    await manager.run(playbook([{ command: 'false', retry_policy }]), { onEvent: (event) => void events.push(event) })
    return events.filter(isOf('step_retry')).map(({ delayMs }) => delayMs)
  }
  const exact = { attempts: 5, base_sec: 0.01, max_sec: 0.035, jitter: 'none' }
  t.deepEqual(await delays({ ...exact, strategy: 'fixed' }), [10, 10, 10, 10])
  t.deepEqual(await delays({ ...exact, strategy: 'linear' }), [10, 20, 30, 35])
  t.deepEqual(await delays(exact), [10, 20, 35, 35])
  for (const strategy of ['fixed', 'linear', 'exponential_backoff']) {
    const most = await delays({ ...exact, strategy })
    const shaken = await delays({ ...exact, strategy, jitter: undefined })
    t.is(shaken.length, most.length)
    for (const [at, delay] of shaken.entries()) t.true(delay >= 0 && delay <= (most[at] ?? 0), `${strategy} ${delay}`)
  }
})

test('a policy that makes no sense is refused', (t) => {
  for (const retry_policy of [
    'often',
    { attempts: 0 },
    { base_sec: -1 },
    { retry_on: [] },
    { retry_on: [1.5] },
    { jitter: 'half' },
    3,
  ]) {
    t.true(
      problemsOf({ playbook_id: 'x', steps: [{ command: 'a', retry_policy }] })[0]?.path.startsWith(
        'steps[0].retry_policy',
      ),
    )
  }
})

test('mocked timers hold no attempt up', async (t) => {
  const { sent, stderr } = await runHost(
    `
    const { ExecutionManager, parsePlaybook } = await import('@escher/execution-manager')
    const { mock } = await import('node:test')
    const engine = new ExecutionEngine({ logDir })
    const steps = [{ command: ['false'], retry_policy: { attempts: 3, base_sec: 0.01 } }]
    const playbook = parsePlaybook(JSON.stringify({ playbook_id: 'test', steps }))
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] })
    const { steps: [step] } = await new ExecutionManager(engine).run(playbook)
    send(step.attempts.length)
    `,
    temporaryFolder(t),
  )
  t.deepEqual(sent, [3], stderr)
})
