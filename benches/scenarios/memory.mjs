// What the host needs above idle while a child writes, in MiB; the limit is 10 MiB.
import { memory } from '../lib/proc.mjs'

export const measure = async (peer, { gibibytes }) => {
  const { drain, close } = peer.open()
  const program = '/usr/bin/head'
  await drain(program, ['-c', '1000', '/dev/zero'])
  const idle = memory('VmRSS')
  const bytes = gibibytes * 2 ** 30
  const drained = await drain(program, ['-c', String(bytes), '/dev/zero'])
  const peak = memory('VmHWM')
  await close()
  if (drained !== bytes) throw new Error(`${drained} bytes of ${bytes}`)
  return { value: peak - idle, idle, peak }
}
