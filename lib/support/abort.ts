/** Follows an `AbortSignal` without leaving a listener on it. */
import { notify } from './notify.js'

/** The followers of a signal share one listener: Node warns of a leak from eleven on. */
class Followers {
  readonly #signal: AbortSignal
  readonly #all = new Set<() => void>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  add(act: () => void): () => void {
    // A function of its own, because the same one may follow more than once.
    const follower = (): void => act()
    this.#all.add(follower)
    if (this.#all.size === 1) this.#listen()
    return () => {
      if (this.#all.delete(follower) && this.#all.size === 0) this.#stop()
    }
  }

  #listen(): void {
    try {
      this.#signal.addEventListener('abort', this.#onAbort, { once: true })
    } catch (error) {
      this.#all.clear()
      throw error
    }
  }

  #stop(): void {
    try {
      this.#signal.removeEventListener('abort', this.#onAbort)
    } catch {
      // A signal of a class of its own may throw. Then it keeps the listener, and nothing is lost.
    }
  }

  readonly #onAbort = (): void => {
    const all = [...this.#all]
    this.#all.clear()
    for (const follower of all) notify(follower, undefined)
  }
}

const followed = new WeakMap<AbortSignal, Followers>()

const followersOf = (signal: AbortSignal): Followers => {
  const known = followed.get(signal) ?? new Followers(signal)
  followed.set(signal, known)
  return known
}

/** Calls `act` when the signal is aborted, at once if it already is. Returns a function that stops following. */
export const onAbort = (signal: AbortSignal | undefined, act: () => void): (() => void) => {
  if (signal === undefined) return () => {}
  if (signal.aborted) {
    act()
    return () => {}
  }
  return followersOf(signal).add(act)
}

/**
 * Waits for work that may never end, at most until the signal is aborted.
 *
 * @throws the signal's reason. If it was aborted before, the work does not begin.
 */
export const unlessAborted = <Value>(work: () => Promise<Value> | Value, signal: AbortSignal): Promise<Value> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const stopFollowing = onAbort(signal, () => reject(signal.reason as Error))
    const working = (async () => work())()
    working.then(resolve, reject).finally(stopFollowing)
  })
