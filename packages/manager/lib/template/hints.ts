/** Hints about unknown names, and long names shortened for messages. */
import { didYouMean } from '@escher/execution-engine/support'

const MAX_SHOWN = 80
const MAX_NAMES = 12

/** The longest part of a string that a message shows. */
export const shortened = (text: string): string => (text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text)

/** A few of many names. */
export const some = (names: readonly string[]): string => {
  const shown = names.slice(0, MAX_NAMES).map((name) => `\`${shortened(name)}\``)
  return names.length > MAX_NAMES ? `${shown.join(', ')} …` : shown.join(', ')
}

/** The name that was probably meant, or the known names, or what to do if there are none. */
export const nameHint = (given: string, known: readonly string[], withoutAny = 'there are none'): string =>
  didYouMean(given, known, known.length > 0 ? `known are ${some(known)}` : withoutAny)
