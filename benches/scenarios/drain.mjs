// Bytes without a listener: limit on, log off. The bound is a C program that reads the same pipe.
import { producer } from '../lib/proc.mjs'

export const measure = async (peer, { lines }) => {
  const { drain, close } = peer.open()
  const began = performance.now()
  const bytes = await drain(producer('lines'), [String(lines)])
  const seconds = (performance.now() - began) / 1000
  await close()
  if (bytes !== lines * 80) throw new Error(`${bytes} bytes of ${lines * 80}`)
  return { value: bytes / 1e9 / seconds, seconds }
}
