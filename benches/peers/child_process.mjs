// node:child_process without lines. Its standard input is closed, like the engine's, which saves a pipe.
import { spawn } from 'node:child_process'

const stdio = ['ignore', 'pipe', 'pipe']

const ended = (child) =>
  new Promise((done, failed) => {
    child.once('error', failed)
    child.once('close', done)
  })

const run = (program, args) => ended(spawn(program, args, { stdio }))

export const open = () => ({
  drain: async (program, args) => {
    const child = spawn(program, args, { stdio })
    let bytes = 0
    child.stdout.on('data', (chunk) => {
      bytes += chunk.length
    })
    await ended(child)
    return bytes
  },
  once: run,
  start: run,
  // Its own group, signalled as a whole: the quickest way, but it misses processes that left the group.
  tree: (program, args) =>
    new Promise((ready) => {
      const child = spawn(program, args, { stdio, detached: true })
      const cancel = () => process.kill(-child.pid, 'SIGTERM')
      child.stdout.once('data', () => ready({ pid: child.pid, cancel, ended: ended(child) }))
    }),
  close: () => {},
})
