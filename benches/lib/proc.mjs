// What /proc says of this process: Linux only.
import { readFileSync } from 'node:fs'

export const memory = (field) =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? NaN) / 1024

export const producer = (name) => `${process.env.BENCH_PRODUCERS}/${name}`
