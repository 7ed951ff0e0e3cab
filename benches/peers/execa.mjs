// execa, iterated line by line; what goes by is not gathered.
import { execa } from 'execa'

export const open = () => ({
  lines: async (program, args, onLine) => {
    for await (const line of execa(program, args, { buffer: false })) onLine(line)
  },
  once: async (program, args) => (await execa(program, args)).exitCode,
  start: (program, args) => execa(program, args),
  close: () => {},
})
