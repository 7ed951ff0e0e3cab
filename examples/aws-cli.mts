// Ask AWS. Needs the AWS command line and a profile: `AWS_PROFILE=… node --import tsx examples/aws-cli.mts`
import { ExecutionEngine } from '@escher/execution-engine'

await using engine = new ExecutionEngine()

const result = await engine.run({
  type: 'aws_cli',
  service: 'ec2',
  operation: 'describe-instances',
  args: ['--filters', 'Name=instance-state-name,Values=running'],
  profile: process.env.AWS_PROFILE ?? 'default',
  region: process.env.AWS_REGION ?? 'eu-central-1',
})

if (result.status === 'completed') {
  const { Reservations } = JSON.parse(result.stdout) as { Reservations: { Instances: { InstanceId: string }[] }[] }
  for (const instance of Reservations.flatMap(({ Instances }) => Instances)) console.log(instance.InstanceId)
} else {
  console.error(result.error?.message)
  console.error(result.stderr)
  process.exitCode = 1
}
