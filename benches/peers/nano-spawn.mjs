// nano-spawn, iterated line by line.
import spawn from 'nano-spawn'

export const open = () => ({
  lines: async (program, args, onLine) => {
    for await (const line of spawn(program, args).stdout) onLine(line)
  },
  once: async (program, args) => {
    await spawn(program, args)
    return 0
  },
  start: (program, args) => spawn(program, args),
  close: () => {},
})
