// Lines of 80 bytes from a child to a listener, line by line.
import { producer } from '../lib/proc.mjs'

export const measure = async (peer, { lines, children = 1 }) => {
  const { lines: run, close } = peer.open()
  const each = Math.ceil(lines / children)
  let seen = 0
  let characters = 0
  const onLine = (line) => {
    seen += 1
    characters += line.length
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: children }, () => run(producer('lines'), [String(each)], onLine)))
  const seconds = (performance.now() - began) / 1000
  await close()
  const expected = each * children
  if (seen !== expected || characters !== expected * 79) throw new Error(`${seen} lines of ${expected} arrived`)
  return { value: expected / 1e6 / seconds, seconds, perItem: (seconds * 1e9) / expected }
}
