/** The secrets of one run: given to the engine with each request, and masked in what the manager says itself. */
export class Secrets {
  readonly #values = new Set<string>()
  #longestFirst: string[] = []

  /** @throws Error when it is too short to be masked: the engine would refuse it. */
  add(name: string, value: string): void {
    if (Array.from(value).length < 2)
      throw new Error(`the secret \`${name}\` has fewer than 2 characters: so short a string cannot be masked`)
    if (this.#values.has(value)) return
    this.#values.add(value)
    this.#longestFirst = [...this.#values].toSorted((a, b) => b.length - a.length)
  }

  get values(): string[] {
    return [...this.#longestFirst]
  }

  readonly mask = (text: string): string =>
    this.#longestFirst.reduce((masked, secret) => masked.replaceAll(secret, MASK), text)
}

/** What stands where a secret stood. */
export const MASK = '***'
