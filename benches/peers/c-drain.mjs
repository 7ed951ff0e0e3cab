// A C program that reads the pipe in 64 KiB reads, and does nothing with it.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { producer } from '../lib/proc.mjs'

export const open = () => ({
  drain: async (program, args) =>
    Number((await promisify(execFile)(producer('drain'), [program, ...args])).stdout.split(' ')[0]),
  close: () => {},
})
