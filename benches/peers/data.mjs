// node:child_process, its chunks split by hand: the least work possible in JavaScript.
import { spawn } from 'node:child_process'

export const open = () => ({
  lines: (program, args, onLine) =>
    new Promise((done, failed) => {
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
      let rest = ''
      child.stdout.setEncoding('utf8').on('data', (text) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop()
        for (const line of lines) onLine(line)
      })
      child.once('error', failed)
      child.once('close', done)
    }),
  close: () => {},
})
