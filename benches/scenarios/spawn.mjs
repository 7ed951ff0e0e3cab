// Starting /bin/true, in milliseconds a program.
export const measure = async (peer, { number, atOnce }) => {
  const { once, close } = peer.open({ atOnce })
  const program = '/bin/true'
  await once(program, [])
  let next = 0
  let bad = 0
  const lane = async () => {
    while (next++ < number) if ((await once(program, [])) !== 0) bad += 1
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: atOnce }, lane))
  const ms = performance.now() - began
  await close()
  if (bad > 0) throw new Error(`${bad} did not end well`)
  return { value: ms / number, perItem: (ms * 1e6) / number }
}
