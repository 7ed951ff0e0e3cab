// Lines of 80 bytes from a child to a listener, line by line: from the call until the child has ended.
import { producer } from '../lib/proc.mjs'

export const measure = async (peer, { lines }) => {
  const { lines: run, close } = peer.open()
  // Warms up with the same lines for every peer: one that gets fewer would pay more per line for compiling.
  await run(producer('lines'), ['100000'], () => {})
  let seen = 0
  let characters = 0
  const onLine = (line) => {
    seen += 1
    characters += line.length
  }
  const began = performance.now()
  await run(producer('lines'), [String(lines)], onLine)
  const seconds = (performance.now() - began) / 1000
  await close()
  if (seen !== lines || characters !== lines * 79) throw new Error(`${seen} lines of ${lines} arrived`)
  return { value: lines / 1e6 / seconds, seconds, perLine: (seconds * 1e9) / lines }
}
