// From the cancel of a tree of 50 processes until all of them are gone, in milliseconds.
import { readdirSync, readFileSync } from 'node:fs'

import { median } from '../lib/stats.mjs'
import { producer } from '../lib/proc.mjs'

// The members of the leader's group, without zombies. Counted as seldom as possible, because counting costs time.
const alive = (group) =>
  readdirSync('/proc')
    .filter((name) => {
      if (!/^\d+$/.test(name)) return false
      try {
        const [state, , of] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1).split(' ')
        return Number(of) === group && state !== 'Z'
      } catch {
        return false
      }
    })
    .map(Number)

const isGone = (pid) => {
  try {
    process.kill(pid, 0)
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).startsWith('Z')
  } catch {
    return true
  }
}

export const measure = async (peer, { number, size }) => {
  const { tree: startTree, close } = peer.open()
  const times = []
  for (let i = 0; i < number; i += 1) {
    const { pid: group, cancel, ended } = await startTree(producer('tree'), [String(size)])
    // The leader is ready before the last of its children has a child of its own.
    let tree = alive(group)
    for (let looks = 0; tree.length !== size + 1; looks += 1) {
      if (looks > 1000) throw new Error(`a tree of ${tree.length}`)
      await new Promise(setImmediate)
      tree = alive(group)
    }
    const began = performance.now()
    cancel()
    while (!tree.every(isGone)) await new Promise(setImmediate)
    times.push(performance.now() - began)
    await ended
  }
  await close()
  return { value: median(times), max: Math.max(...times) }
}
