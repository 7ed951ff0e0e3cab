/** A command that was edited on approval. */
import {
  execCommand,
  type FilledCommand,
  type Mask,
  planned,
  shellCommand,
  typedCommand,
  wordsOf,
} from '../template/command.js'
import { isProblem } from '../template/problem.js'
import { commandLine, splitWords } from '../template/shell-words.js'
import { MASK } from './secrets.js'
import { StepFailure } from './values.js'

const invalid = (message: string): StepFailure => new StepFailure('APPROVAL_MISSING', `the edited command ${message}`)

/**
 * The command to run instead. A word with a masked secret gets the secret back if the word was left unchanged.
 *
 * @throws StepFailure if it makes no sense
 */
export const edited = (command: string | readonly string[], filled: FilledCommand, mask: Mask): FilledCommand => {
  if (command === typedCommand(planned(filled, mask))) return filled
  if (filled.command.type === 'shell') {
    if (typeof command !== 'string') throw invalid('of a shell step must be a string')
    return shellCommand(withoutMask(command), filled.variables)
  }
  const words = typeof command === 'string' ? splitWords(command) : command
  if (isProblem(words)) throw invalid(`cannot be understood: ${words.message}; ${words.hint}`)
  const originals = new Map(wordsOf(filled.command).map((word) => [mask(word), word]))
  const restored = words.map((word) => originals.get(word) ?? withoutMask(word))
  if (!restored[0]) throw invalid(`names no program: ${commandLine(restored)}`)
  return execCommand(restored)
}

const withoutMask = (text: string): string => {
  if (text.includes(MASK)) throw invalid(`holds ${MASK}, where a secret was masked: leave that word as it is`)
  return text
}
