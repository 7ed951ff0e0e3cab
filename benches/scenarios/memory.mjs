// What the host needs above idle while a child writes, in MiB. The limit is 10 MiB.
import { writeFileSync } from 'node:fs'

import { memory, producer } from '../lib/proc.mjs'

export const measure = async (peer, { gibibytes }) => {
  const { drain, close } = peer.open()
  await drain(producer('lines'), ['10'])
  const idle = memory('VmRSS')
  // Resets the peak, so that loading does not count.
  writeFileSync('/proc/self/clear_refs', '5')
  const bytes = gibibytes * 2 ** 30
  const drained = await drain(producer('lines'), [String(Math.ceil(bytes / 80))])
  const peak = memory('VmHWM')
  await close()
  if (drained < bytes) throw new Error(`${drained} bytes of ${bytes}`)
  return { value: peak - idle, idle, peak }
}
