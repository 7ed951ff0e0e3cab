// Starting /bin/true and learning of its end, in milliseconds per program.
export const measure = async (peer, { number, atOnce }) => {
  const { once, close } = peer.open({ atOnce })
  const program = '/bin/true'
  // Compiles the code first; ten starts are few enough to cost nothing.
  for (let i = 0; i < 10; i += 1) await once(program, [])
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
  return { value: ms / number, perChild: (ms * 1000) / number }
}
