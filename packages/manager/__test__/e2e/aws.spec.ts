// The example for AWS as it is, with the real AWS command line, against a mocked AWS.

import ava from 'ava'

import { ExecutionManager, loadPlaybook, type PlaybookEvent } from '@escher/execution-manager'
import { throttle } from '../../../../examples/aws/throttle.mjs'
import { testEngine } from '@escher/testing/engine'
import { anyKeys, hasMoto, type Moto, startMoto } from '@escher/testing/moto'
import { isOf } from '../helpers/playbook.js'

// Without Python there is no AWS command line to run; tools/setup-python.mjs has said so.
const test = hasMoto ? ava.serial : ava.serial.skip

let moto: Moto

ava.before(async () => {
  if (!hasMoto) return
  moto = await startMoto()
  await moto.addProfile('production', anyKeys)
})

ava.after.always(() => moto?.stop())

test('instances are created, listed, one is stopped by an id from the list, and a throttled call is retried', async (t) => {
  t.timeout(300_000)
  await using busy = await throttle(moto.url, 'GetResources', 2)
  const manager = new ExecutionManager(testEngine(t))
  const events: PlaybookEvent[] = []
  const asked: string[] = []
  const name = 'two words; $HOME'
  const result = await manager.run(await loadPlaybook('examples/aws/playbook.json'), {
    parameters: { name },
    env: { ...moto.env, AWS_ENDPOINT_URL: busy.url, AWS_MAX_ATTEMPTS: '1' },
    onApproval: ({ stepId }) => {
      asked.push(stepId)
      return { decision: 'approve' }
    },
    onEvent: (event) => void events.push(event),
  })
  const steps = new Map(result.steps.map((step) => [step.id, step]))
  const output = (id: string): unknown => JSON.parse(steps.get(id)?.result?.stdout ?? 'null')
  t.is(result.status, 'completed', `${result.error?.message}\n${steps.get(result.error?.stepId ?? '')?.result?.stderr}`)
  t.deepEqual(asked, ['create', 'stop', 'terminate'])

  const listed = output('list') as { Id: string; State: string }[]
  t.is(listed.length, 2)
  const stopped = output('stop') as { StoppingInstances: { InstanceId: string }[] }
  t.deepEqual(
    stopped.StoppingInstances.map(({ InstanceId }) => InstanceId),
    [listed[0]?.Id],
  )
  t.is(busy.refused, 2)
  t.deepEqual(
    steps.get('tagged')?.attempts.map(({ status }) => status),
    ['failed', 'failed', 'completed'],
  )
  t.deepEqual(
    events.filter(isOf('step_retry')).map(({ stepId, reason }) => [stepId, reason]),
    [
      ['tagged', 'ThrottlingException'],
      ['tagged', 'ThrottlingException'],
    ],
  )
  const tagged = output('tagged') as { ResourceTagMappingList: { ResourceARN: string }[] }
  t.true(tagged.ResourceTagMappingList.some(({ ResourceARN }) => ResourceARN.endsWith(listed[0]?.Id ?? 'none')))
  const terminated = output('terminate') as { TerminatingInstances: { InstanceId: string }[] }
  t.deepEqual(
    terminated.TerminatingInstances.map(({ InstanceId }) => InstanceId).toSorted(),
    listed.map(({ Id }) => Id).toSorted(),
  )
})

test('a dry run of it touches nothing, and shows its commands', async (t) => {
  const manager = new ExecutionManager(testEngine(t))
  const { plan } = await manager.run(await loadPlaybook('examples/aws/playbook.json'), {
    dryRun: true,
    parameters: { profile: 'staging' },
  })
  const stop = plan?.find(({ id }) => id === 'stop')
  t.deepEqual(stop?.command, {
    kind: 'exec',
    argv: [
      'aws',
      'ec2',
      'stop-instances',
      '--instance-ids',
      '{steps.list.json[0].Id}',
      '--profile',
      'staging',
      '--region',
      'us-east-1',
      '--output',
      'json',
    ],
  })
  t.deepEqual(
    plan?.filter(({ needsApproval }) => needsApproval).map(({ id }) => id),
    ['create', 'stop', 'terminate'],
  )
})
