// Children that each write a line every 10 ms, or so many per second, all started before the first one writes. Only a
// span in the middle is measured: the first lines meet code that is not compiled yet, and the last ones the ends of the
// children.
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

import { makeGate } from './gate.mjs'
import { producer } from './proc.mjs'

const machineTimes = () => {
  let [idle, all] = [0, 0]
  for (const { times } of cpus()) {
    idle += times.idle
    all += times.idle + times.user + times.nice + times.sys + times.irq
  }
  return { idle, all }
}

export const ticking = async (run, { children, seconds, perSecond = 100 }, onSteadyLine) => {
  const count = Math.round(seconds * perSecond)
  const gate = makeGate(children)
  let isSteady = false
  let seen = 0
  const onLine = (line) => {
    seen += 1
    if (isSteady) onSteadyLine(line)
  }
  const look = () => ({ cpu: process.cpuUsage(), machine: machineTimes(), seen })
  const args = [String(Math.round(1e6 / perSecond)), String(count), gate.folder]
  const all = Promise.all(Array.from({ length: children }, () => run(producer('ticks'), args, onLine)))
  await gate.allHere(all)
  gate.open()
  await sleep(300)
  isSteady = true
  const from = look()
  await sleep(seconds * 1000 - 500)
  isSteady = false
  const to = look()
  await all
  gate.remove()
  if (seen !== children * count) throw new Error(`${seen} lines of ${children * count}`)
  const cpuMs = (to.cpu.user + to.cpu.system - from.cpu.user - from.cpu.system) / 1000
  const cpuPerLine = (cpuMs * 1000) / (to.seen - from.seen)
  return {
    // Per line, not per second, so that a peer that falls behind and does less does not look cheaper.
    cores: (cpuPerLine * children * perSecond) / 1e6,
    cpuPerLine,
    // Of the whole machine, producers included: near 100, the machine itself is measured.
    machineBusy: 100 * (1 - (to.machine.idle - from.machine.idle) / (to.machine.all - from.machine.all)),
  }
}
