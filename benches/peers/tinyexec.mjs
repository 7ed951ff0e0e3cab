// tinyexec, iterated line by line.
import { x } from 'tinyexec'

const start = (program, args) => x(program, args, { nodeOptions: { stdio: ['ignore', 'pipe', 'pipe'] } })

export const open = () => ({
  lines: async (program, args, onLine) => {
    for await (const line of start(program, args)) onLine(line)
  },
  once: async (program, args) => (await start(program, args)).exitCode,
  close: () => {},
})
