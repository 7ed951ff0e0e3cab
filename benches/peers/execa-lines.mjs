// execa with `lines: true`: an array at the end.
import { execa } from 'execa'

export const open = () => ({
  lines: async (program, args, onLine) => {
    const { stdout } = await execa(program, args, { stdin: 'ignore', lines: true, maxBuffer: 4e9 })
    for (const line of stdout) onLine(line)
  },
  close: () => {},
})
