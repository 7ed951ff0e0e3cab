// Give a program something to read: all of it at once, or piece by piece.
import { once } from 'node:events'

import { ExecutionEngine } from '@escher/execution-engine'

await using engine = new ExecutionEngine()

const count = ['-e', 'let n = 0; process.stdin.on("data", (d) => (n += d.length)).on("end", () => console.log(n))']

const whole = await engine.run('node', count, { stdin: { text: 'twelve bytes' } })
console.log('at once:       ', whole.stdout.trim())

const execution = engine.run('node', count, { stdin: 'pipe' })
for (let piece = 0; piece < 3; piece += 1) {
  // `false`: the program is behind. Waiting for `drain` keeps memory flat, however much there is to say.
  if (!execution.stdin.write('four')) await once(execution.stdin, 'drain')
}
execution.stdin.end()
console.log('piece by piece:', (await execution).stdout.trim())

// Without `stdin` a program that asks a question sees the end of its input at once, and does not hang.
const none = await engine.run('node', count)
console.log('none:          ', none.stdout.trim())
