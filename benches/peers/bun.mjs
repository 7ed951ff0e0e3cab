// Bun.spawn in Bun, its chunks split by hand.
/* global Bun */
export const open = () => ({
  lines: async (program, args, onLine) => {
    const child = Bun.spawn([program, ...args], { stdout: 'pipe' })
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop()
      for (const line of lines) onLine(line)
    }
    await child.exited
  },
  once: (program, args) => Bun.spawn([program, ...args]).exited,
  start: (program, args) => Bun.spawn([program, ...args]).exited,
  close: () => {},
})
