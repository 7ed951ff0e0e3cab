/** Asks on the terminal. */
import { createInterface } from 'node:readline/promises'

import type { ApprovalCallback, ApprovalDecision, ApprovalRequest } from '@escher/execution-manager'
import { harmless } from './text.js'
import type { View } from './views.js'

const ask = async ({ name, riskLevel, commandLine, rollback, signal }: ApprovalRequest): Promise<ApprovalDecision> => {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const undo = rollback === null ? '' : `\n  undone by: ${harmless(rollback)}`
    process.stderr.write(`\n${harmless(name)} (${riskLevel})\n  ${harmless(commandLine)}${undo}\n`)
    for (;;) {
      const answer = (await terminal.question('Run it? [y]es, [n]o, [e]dit: ', { signal })).trim().toLowerCase()
      if (answer === 'y' || answer === 'yes') return { decision: 'approve' }
      if (answer === 'n' || answer === 'no' || answer === '')
        return { decision: 'reject', reason: 'not approved at the terminal' }
      if (answer === 'e' || answer === 'edit') {
        const edited = terminal.question('Command: ', { signal })
        terminal.write(commandLine)
        return { decision: 'approve', command: await edited }
      }
    }
  } finally {
    terminal.close()
  }
}

/** `--yes` approves everything; otherwise the terminal is asked. Without one, steps are refused. */
export const approver = (view: View, isApproved: boolean): ApprovalCallback | undefined => {
  if (isApproved) return () => ({ decision: 'approve' })
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  return async (request) => {
    view.pause()
    try {
      return await ask(request)
    } finally {
      view.resume()
    }
  }
}
