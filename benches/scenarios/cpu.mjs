// CPU time of the host, in cores, while many children each write 100 lines per second.
import { ticking } from '../lib/ticking.mjs'

export const measure = async (peer, options) => {
  const { lines, close } = peer.open()
  const measured = await ticking(lines, options, () => {})
  await close()
  return { value: measured.cores, ...measured }
}
