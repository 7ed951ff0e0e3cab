/** The child's standard input as a Node stream. */
import { Writable } from 'node:stream'

/** Where the stream writes to. */
export interface StdinTarget {
  /** Resolves when the child's pipe has taken the bytes. */
  writeStdin(bytes: Buffer): Promise<void>
  closeStdin(): Promise<void>
}

const settle = async (work: Promise<void> | undefined, done: (error?: Error | null) => void): Promise<void> => {
  try {
    await work
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)))
    return
  }
  done()
}

/** A stream that is no faster than the child reads. What a child no longer reads is dropped, as the child would. */
export const stdinStream = (target: StdinTarget | undefined): Writable =>
  new Writable({
    decodeStrings: true,
    write: (chunk: Buffer, _encoding, done) => void settle(target?.writeStdin(chunk), done),
    final: (done) => void settle(target?.closeStdin(), done),
    destroy: (error, done) => void settle(target?.closeStdin(), (failure) => done(error ?? failure ?? null)),
  })
