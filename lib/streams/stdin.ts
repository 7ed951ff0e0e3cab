/** The child's standard input as a Node stream. */
import { Writable } from 'node:stream'

/** What the stream writes to. */
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

/** A stream that writes no faster than the child reads. Bytes that a child no longer reads are dropped. */
export const stdinStream = (target: StdinTarget | undefined): Writable =>
  new Writable({
    decodeStrings: true,
    write: (chunk: Buffer, _encoding, done) => void settle(target?.writeStdin(chunk), done),
    final: (done) => void settle(target?.closeStdin(), done),
    destroy: (error, done) => void settle(target?.closeStdin(), (failure) => done(error ?? failure ?? null)),
  })
