// Bytes that nobody listens to: limit on, log off. The bound is a C program that reads the same pipe.
import { producer } from '../lib/proc.mjs'

export const measure = async (peer, { lines, children = 1 }) => {
  const { drain, close } = peer.open()
  const each = Math.ceil(lines / children)
  const began = performance.now()
  const bytes = await Promise.all(Array.from({ length: children }, () => drain(producer('lines'), [String(each)])))
  const seconds = (performance.now() - began) / 1000
  await close()
  if (bytes.some((count) => count !== each * 80)) throw new Error(`${bytes} bytes of ${each * 80}`)
  return { value: (each * children * 80) / 1e9 / seconds, seconds, perItem: (seconds * 1e9) / (each * children) }
}
