// Writes far more than anyone wants to keep, to the end.
import { setTimeout as pause } from 'node:timers/promises'

for (let count = 1; count <= 50_000; count += 1) {
  if (!process.stdout.write(`line ${String(count).padStart(6, '0')} of 50000\n`)) await pause(0)
}
