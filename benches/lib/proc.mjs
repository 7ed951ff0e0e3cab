// What /proc reports about this process. Linux only.
import { readFileSync } from 'node:fs'

export const memory = (field) =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? NaN) / 1024

/** Resident memory in MiB, counted page by page: `VmRSS` sums what each CPU reports occasionally, and is MiB off. */
export const resident = () =>
  Number(/^Rss:\s+(\d+)/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))?.[1] ?? NaN) / 1024

export const producer = (name) => `${process.env.BENCH_PRODUCERS}/${name}`
