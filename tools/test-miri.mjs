// Runs the parts of the engine that do not touch the system under Miri: `npm run test:miri`. Eight minutes on two
// cores. Needs a nightly toolchain with Miri: `rustup +nightly component add miri`.

import { main, Problem } from './lib/console.mjs'
import { runShown, versionOf } from './lib/run.mjs'

const modules = ['output::', 'registry::', 'admission::', 'limits::', 'config::', 'per_stream', 'execution::outcome']
// Interpreted, each takes minutes: property tests over many cases, and megabytes of input.
const slow = [
  'any_chunking',
  'in_all_their_forms',
  'linear_time',
  'hundred_thousand',
  'endless_line',
  'however_much',
  'from_utf8_lossy',
  'stays_the_same',
  'exactly_one_part',
  'base64_of_any',
  'a_sample_falls',
]

await main(async () => {
  if (!versionOf('cargo', ['+nightly', 'miri', '--version'])) {
    throw new Problem('There is no Miri here: `rustup toolchain install nightly --component miri`.')
  }
  const skip = slow.flatMap((name) => ['--skip', name])
  const args = ['+nightly', 'miri', 'test', '-p', 'execution-engine', '--lib', '--target-dir', 'target/miri', '--']
  // The tests read the real clock of the system, which Miri would isolate. They only compare durations.
  const env = { ...process.env, MIRIFLAGS: '-Zmiri-disable-isolation' }
  return await runShown('cargo', [...args, ...modules, ...skip], { env })
})
