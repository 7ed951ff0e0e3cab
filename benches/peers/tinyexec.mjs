// tinyexec, iterated line by line.
import { x } from 'tinyexec'

export const open = () => ({
  lines: async (program, args, onLine) => {
    for await (const line of x(program, args)) onLine(line)
  },
  once: async (program, args) => (await x(program, args)).exitCode,
  start: (program, args) => x(program, args),
  close: () => {},
})
