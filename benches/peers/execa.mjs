// execa, iterated line by line, without buffering.
import { execa } from 'execa'

const start = (program, args) => execa(program, args, { stdin: 'ignore' })

export const open = () => ({
  lines: async (program, args, onLine) => {
    for await (const line of execa(program, args, { stdin: 'ignore', buffer: false })) onLine(line)
  },
  once: async (program, args) => (await start(program, args)).exitCode,
  close: () => {},
})
