// A process with two children, one of which ignores SIGTERM.
import { spawn } from 'node:child_process'

const child = (code) =>
  spawn(process.execPath, ['-e', `${code}; setInterval(() => {}, 1000); process.stdout.write('ready')`])

const children = [child(''), child("process.on('SIGTERM', () => {})")]
await Promise.all(children.map((each) => new Promise((ready) => each.stdout.once('data', ready))))
console.log(JSON.stringify({ parent: process.pid, child: children[0].pid, stubborn: children[1].pid }))
setInterval(() => {}, 1000)
