// The scenes of the tour. Each shows one thing the engine does, through its public API.

import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { root } from '../lib/run.mjs'
import { isAlive, isGone } from './processes.mjs'
import * as view from './view.mjs'

const programs = fileURLToPath(new URL('programs', import.meta.url))

// By id, with events: for a host that sends everything over IPC.
const liveOutput = async (engine) => {
  const args = existsSync(join(root, '.git')) ? ['log', '--oneline', '--no-decorate', '-n', '5'] : ['--version']
  const request = {
    command: { type: 'exec', program: 'git', args },
    workingDir: root,
    env: { GIT_PAGER: 'cat' },
    metadata: { source: 'demo' },
  }
  const id = await engine.execute(request, (event) => {
    if (event.type === 'started') view.command(event.command)
    if (event.type === 'stdout' || event.type === 'stderr') view.line(event.line, event.type)
  })
  view.result(await engine.waitForCompletion(id))
}

// By handle, line by line: for a script.
const build = async (engine) => {
  const crate = await mkdtemp(join(tmpdir(), 'execution-engine-demo-'))
  try {
    await mkdir(join(crate, 'src'))
    await writeFile(
      join(crate, 'Cargo.toml'),
      '[package]\nname = "hello"\nversion = "1.0.0"\nedition = "2021"\n\n[workspace]\n',
    )
    await writeFile(
      join(crate, 'src/main.rs'),
      'fn main() {\n    println!("Hello from a program that was just compiled.");\n}\n',
    )
    view.command('cargo run --offline')
    const execution = engine.run('cargo', ['run', '--offline'], {
      workingDir: crate,
      env: { CARGO_TERM_COLOR: 'never', CARGO_TARGET_DIR: join(crate, 'target') },
      metadata: { source: 'demo' },
    })
    for await (const { stream, text } of execution) view.line(text, stream)
    view.result(await execution)
    view.say('A thick bar marks standard error. Both streams arrive in the order they were read.')
  } finally {
    await rm(crate, { recursive: true, force: true })
  }
}

// Short enough for the error to print it whole. On Windows the default, because programs can be anywhere.
const shortPath = process.platform === 'win32' ? {} : { PATH: '/usr/local/bin:/usr/bin:/bin' }

const failures = async (engine) => {
  view.command('gti status')
  view.result(await engine.run('gti', ['status'], { workingDir: root, env: shortPath, metadata: { source: 'demo' } }))
  console.log()
  view.command('git show no-such-commit')
  const outcome = await engine.run('git', ['show', 'no-such-commit'], {
    workingDir: root,
    metadata: { source: 'demo' },
  })
  for (const text of outcome.stderr.trimEnd().split('\n').slice(0, 3)) view.line(text, 'stderr')
  view.result(outcome)
}

const outputLimit = async (engine) => {
  view.command('node chatty.mjs')
  view.say('with maxOutputSizeBytes: 200')
  const outcome = await engine.run('node', ['chatty.mjs'], {
    workingDir: programs,
    maxOutputSizeBytes: 200,
    metadata: { source: 'demo' },
  })
  for (const text of outcome.stdout.trimEnd().split('\n')) view.line(text)
  view.result(outcome)
  view.say(
    `The child wrote ${view.bytes(outcome.stdoutBytes)} and was never held up; memory kept the beginning and the end.`,
  )
}

const cancelTree = async (engine) => {
  view.command('node family.mjs')
  const id = randomUUID()
  const command = { type: 'exec', program: 'node', args: ['family.mjs'] }
  // The first line names the three processes; if they end before it, the result says why.
  const family = await new Promise((ready, failed) => {
    const onEvent = (event) => {
      if (event.type === 'stdout') ready(JSON.parse(event.line))
      if ('result' in event) failed(new Error(`family.mjs did not start: ${event.result.stderr}`))
    }
    engine.execute({ id, command, workingDir: programs, metadata: { source: 'demo' } }, onEvent).catch(failed)
  })
  const members = [
    ['parent', family.parent],
    ['child', family.child],
    ['child that ignores SIGTERM', family.stubborn],
  ]
  const alive = members.filter(([, pid]) => isAlive(pid)).length
  view.say(`${alive} processes are running. Now cancel().`)
  await engine.cancel(id)
  const outcome = await engine.waitForCompletion(id)
  for (const [name, pid] of members) {
    const state = (await isGone(pid)) ? 'gone' : 'STILL THERE'
    view.line(`pid ${String(pid).padEnd(8)} ${state}   ${name}`)
  }
  view.result(outcome)
}

export const scenes = [
  { title: 'Live output, line by line', play: liveOutput },
  { title: 'A build, both streams', play: build },
  { title: 'What went wrong, and what to do about it', play: failures },
  { title: 'More output than anyone wants to keep', play: outputLimit },
  { title: 'Cancelled, with its children', play: cancelTree },
]
