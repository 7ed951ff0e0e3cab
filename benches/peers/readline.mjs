// node:child_process with node:readline, as in its documentation.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export const open = () => ({
  lines: async (program, args, onLine) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = new Promise((done, failed) => {
      child.once('error', failed)
      child.once('close', done)
    })
    const reader = createInterface({ input: child.stdout, crlfDelay: Infinity })
    const closed = new Promise((done) => reader.once('close', done))
    reader.on('line', onLine)
    await Promise.all([closed, ended])
  },
  close: () => {},
})
