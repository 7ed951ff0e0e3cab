/** The child's standard input as a Node stream. */
import { Writable } from 'node:stream'

/** Writes bytes; resolves when the child's pipe has taken them. */
export interface StdinTarget {
  write(bytes: Uint8Array): Promise<void>
  close(): Promise<void>
}

const settle = async (work: Promise<void>, done: (error?: Error | null) => void): Promise<void> => {
  try {
    await work
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)))
    return
  }
  done()
}

/** A stream that is no faster than the child reads. What a child no longer reads is dropped, as the child would. */
export const stdinStream = (target: StdinTarget): Writable =>
  new Writable({
    decodeStrings: true,
    write: (chunk: Buffer, _encoding, done) => void settle(target.write(chunk), done),
    final: (done) => void settle(target.close(), done),
    destroy: (error, done) => void settle(target.close(), (failure) => done(error ?? failure ?? null)),
  })
