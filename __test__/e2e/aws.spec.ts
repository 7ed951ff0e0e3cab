// The whole way: TypeScript, addon, engine, the real AWS command line, and a mocked AWS at the other end.

import { readFile } from 'node:fs/promises'

import ava from 'ava'

import { ExecutionEngine, type ExecutionEvent } from '@escher/execution-engine'
import { anyKeys, hasMoto, type Moto, startMoto } from '@escher/testing/moto'

// Without Python there is no AWS command line to run; tools/setup-python.mjs has said so.
const test = hasMoto ? ava.serial : ava.serial.skip

const profile = 'staging'
const region = 'eu-central-1'
// A name that a shell would take apart.
const name = 'two words, $HOME; "quoted" & \'single\''

interface Instances {
  Instances: { InstanceId: string; State: { Name: string }; Placement: { AvailabilityZone: string } }[]
}

let moto: Moto
let engine: ExecutionEngine

const aws = (service: string, operation: string, args: string[] = [], as = profile) =>
  engine.run({ type: 'aws_cli', service, operation, args, profile: as, region }, { env: moto.env })

ava.before(async () => {
  if (!hasMoto) return
  moto = await startMoto()
  await moto.addProfile(profile, anyKeys)
  engine = new ExecutionEngine()
})

ava.after.always(async () => {
  await engine?.shutdown()
  await moto?.stop()
})

test('instances that were created are listed as JSON, by profile and region', async (t) => {
  t.timeout(120_000)
  const tags = JSON.stringify([{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: name }] }])
  const created = await engine.run(
    'aws',
    [
      'ec2',
      'run-instances',
      '--image-id',
      'ami-12c6146b',
      '--count',
      '2',
      '--tag-specifications',
      tags,
      '--output',
      'json',
    ],
    { env: { ...moto.env, AWS_PROFILE: profile, AWS_DEFAULT_REGION: region } },
  )
  t.is(created.status, 'completed', created.stderr)
  const ids = (JSON.parse(created.stdout) as Instances).Instances.map((instance) => instance.InstanceId)
  t.is(ids.length, 2)

  const filters = JSON.stringify([{ Name: 'tag:Name', Values: [name] }])
  const listed = await aws('ec2', 'describe-instances', ['--filters', filters])
  t.is(listed.status, 'completed', listed.stderr)
  t.is(listed.exitCode, 0)
  t.is(listed.error, null)
  const { Reservations } = JSON.parse(listed.stdout) as { Reservations: Instances[] }
  const instances = Reservations.flatMap((reservation) => reservation.Instances)
  t.deepEqual(instances.map((instance) => instance.InstanceId).toSorted(), ids.toSorted())
  t.true(instances.every((instance) => instance.Placement.AvailabilityZone.startsWith(region)))

  const elsewhere = await engine.run(
    { type: 'aws_cli', service: 'ec2', operation: 'describe-instances', profile, region: 'us-east-1' },
    { env: moto.env },
  )
  t.deepEqual(JSON.parse(elsewhere.stdout), { Reservations: [] })
})

test('by id: the events arrive in order and the log has the same', async (t) => {
  t.timeout(120_000)
  const events: ExecutionEvent[] = []
  const id = await engine.execute(
    {
      command: { type: 'aws_cli', service: 'ec2', operation: 'describe-regions', args: [], profile, region },
      env: moto.env,
    },
    (event) => void events.push(event),
  )
  const result = await engine.waitForCompletion(id)
  t.is(result.status, 'completed', result.stderr)

  t.is(events.find((event) => event.type !== 'queued')?.type, 'started')
  t.is(events.at(-1)?.type, 'completed')
  const lines = events.flatMap((event) => (event.type === 'stdout' ? [event.line] : []))
  t.is(lines.join('\n'), result.stdout.trimEnd())

  t.truthy(result.logPath)
  const log = await readFile(result.logPath as string, 'utf8')
  t.true(log.startsWith('#execlog/1 {'))
  t.regex(log, /^#end \{.*"completed".*\}$/m)
  t.false(log.includes(anyKeys.secret))
})

test('an unknown operation fails with the message of the AWS command line', async (t) => {
  t.timeout(120_000)
  const result = await aws('ec2', 'describe-everything')
  t.is(result.status, 'failed')
  t.not(result.exitCode, 0)
  t.is(result.error?.code, 'NON_ZERO_EXIT')
  t.regex(result.stderr, /argument operation: Invalid choice/)
})

test('a user without a policy is denied, and the reason arrives', async (t) => {
  t.timeout(120_000)
  const created = await aws('iam', 'create-user', ['--user-name', 'nobody'])
  t.is(created.status, 'completed', created.stderr)
  const keys = await aws('iam', 'create-access-key', ['--user-name', 'nobody'])
  const { AccessKey } = JSON.parse(keys.stdout) as { AccessKey: { AccessKeyId: string; SecretAccessKey: string } }
  await moto.addProfile('nobody', { id: AccessKey.AccessKeyId, secret: AccessKey.SecretAccessKey })

  await moto.enforceIam(true)
  try {
    const result = await aws('ec2', 'describe-instances', [], 'nobody')
    t.is(result.status, 'failed')
    t.is(result.error?.code, 'NON_ZERO_EXIT')
    t.is(result.stdout, '')
    t.regex(result.stderr, /AccessDenied.*user\/nobody is not authorized to perform: ec2:DescribeInstances/)
  } finally {
    await moto.enforceIam(false)
  }
})
