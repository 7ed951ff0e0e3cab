// zx, iterated line by line.
import { $ } from 'zx'

const run = (program, args) => $({ quiet: true })`${program} ${args}`

export const open = () => ({
  lines: async (program, args, onLine) => {
    for await (const line of run(program, args)) onLine(line)
  },
  once: async (program, args) => (await run(program, args)).exitCode,
  start: run,
  close: () => {},
})
