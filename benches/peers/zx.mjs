// zx, iterated line by line. It starts programs through a shell, as zx is meant to be used.
import { $ } from 'zx'

const run = (program, args) => $({ quiet: true, stdio: ['ignore', 'pipe', 'pipe'] })`${program} ${args}`

export const open = () => ({
  lines: async (program, args, onLine) => {
    for await (const line of run(program, args)) onLine(line)
  },
  once: async (program, args) => (await run(program, args)).exitCode,
  close: () => {},
})
