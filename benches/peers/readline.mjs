// node:child_process with node:readline, as its documentation shows it.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const ended = (child) =>
  new Promise((done, failed) => {
    child.once('error', failed)
    child.once('close', done)
  })

export const open = () => ({
  lines: async (program, args, onLine) => {
    const child = spawn(program, args)
    const reader = createInterface({ input: child.stdout, crlfDelay: Infinity })
    const closed = new Promise((done) => reader.once('close', done))
    reader.on('line', onLine)
    await Promise.all([closed, ended(child)])
  },
  drain: async (program, args) => {
    const child = spawn(program, args)
    let bytes = 0
    child.stdout.on('data', (chunk) => {
      bytes += chunk.length
    })
    await ended(child)
    return bytes
  },
  once: (program, args) => ended(spawn(program, args)),
  start: (program, args) => ended(spawn(program, args)),
  close: () => {},
})
