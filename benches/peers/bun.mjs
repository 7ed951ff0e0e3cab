// Bun.spawn in Bun, its chunks split by hand. Both outputs are pipes, as for every peer.
/* global Bun */
const start = (program, args) => Bun.spawn([program, ...args], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })

export const open = () => ({
  lines: async (program, args, onLine) => {
    const child = start(program, args)
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop()
      for (const line of lines) onLine(line)
    }
    await child.exited
  },
  once: (program, args) => start(program, args).exited,
  close: () => {},
})
