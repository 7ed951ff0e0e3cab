/** What an unknown word probably meant. */

/** Known words, by their names in other programs. */
export type Aliases = Readonly<Record<string, string>>

/** Longer words are not worth the time. */
const MAX_LENGTH = 64
/** Nor is a longer list of words. */
const MAX_WORDS = 1000
/** With fewer letters in common, two words begin alike only by chance. */
const MIN_COMMON = 4

/** `working_dir`, `working-dir` and `workingDir` are one word. */
const plain = (word: string): string => word.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')

/**
 * How many single edits separate two words: a letter added, removed or changed, or two swapped (the optimal string
 * alignment distance).
 */
const distance = (left: string, right: string): number => {
  let before: number[] = []
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= right.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1)
      const isSwapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]
      const swapped = isSwapped ? (before[j - 2] ?? 0) + 1 : Infinity
      next.push(Math.min(changed, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    before = row
    row = next
  }
  return row[right.length] ?? 0
}

/** How many letters two words share at their beginning. */
const common = (left: string, right: string): number => {
  let length = 0
  while (length < left.length && left[length] === right[length]) length += 1
  return length
}

const first = (words: Iterable<string>): string[] => {
  const taken: string[] = []
  for (const word of words) {
    if (taken.length === MAX_WORDS) break
    if (word.length <= MAX_LENGTH) taken.push(word)
  }
  return taken
}

/** The known word that was probably meant: by its alias, by its spelling, or by how it begins. */
export const nearest = (given: string, known: Iterable<string>, aliases: Aliases = {}): string | undefined => {
  const wanted = plain(given)
  if (wanted === '' || given.length > MAX_LENGTH) return undefined
  const words = first(known)
  const alias = Object.hasOwn(aliases, given) ? aliases[given] : undefined
  if (alias !== undefined && words.includes(alias)) return alias
  let best: { word: string; edits: number } | undefined
  let longest: { word: string; length: number } | undefined
  for (const word of words) {
    const candidate = plain(word)
    const edits = distance(wanted, candidate)
    const isNear = edits <= Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3))
    if (isNear && edits < (best?.edits ?? Infinity)) best = { word, edits }
    // `maxConcurrency` for `maxConcurrentExecutions`.
    const length = common(wanted, candidate)
    const beginsAlike = length >= MIN_COMMON && length >= (wanted.length * 2) / 3
    if (beginsAlike && length > (longest?.length ?? 0)) longest = { word, length }
  }
  return best?.word ?? longest?.word
}

/** A hint that names the probable word, or else the known ones. */
export const didYouMean = (given: string, known: Iterable<string>, otherwise: string, aliases?: Aliases): string => {
  const word = nearest(given, known, aliases)
  return word === undefined ? otherwise : `did you mean \`${word}\`?`
}
