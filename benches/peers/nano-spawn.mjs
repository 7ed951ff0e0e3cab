// nano-spawn, iterated line by line.
import spawn from 'nano-spawn'

const start = (program, args) => spawn(program, args, { stdin: 'ignore' })

export const open = () => ({
  lines: async (program, args, onLine) => {
    for await (const line of start(program, args).stdout) onLine(line)
  },
  once: async (program, args) => {
    await start(program, args)
    return 0
  },
  close: () => {},
})
