/** Audit records in the user's own file: one line of JSON each, on disk before a step counts as recorded. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

import type { AuditRecord, RecordSink } from '../run/audit-record.js'

const { O_APPEND, O_CREAT, O_RDWR, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants

/**
 * Appends JSON Lines to a file that only its owner can read. Refuses anything but a regular file, such as a link.
 *
 * @example await using records = new FileRecordSink('audit.jsonl')
 */
export class FileRecordSink implements RecordSink {
  readonly #path: string
  #file: Promise<FileHandle> | undefined
  /** The previous write: lines never mix. */
  #last: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  write(record: AuditRecord): Promise<void> {
    const written = this.#last.then(() => this.#append(record))
    this.#last = written.catch(() => {})
    return written
  }

  /** Waits for pending writes, and closes the file. */
  async close(): Promise<void> {
    await this.#last
    const file = await this.#file
    this.#file = undefined
    await file?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #append(record: AuditRecord): Promise<void> {
    this.#file ??= this.#open()
    const file = await this.#file.catch((error: unknown) => {
      this.#file = undefined
      throw error
    })
    await file.appendFile(`${JSON.stringify(record)}\n`)
    await file.sync()
  }

  async #open(): Promise<FileHandle> {
    // If it is a pipe, do not wait for a reader.
    const file = await open(this.#path, O_APPEND | O_CREAT | O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0o600)
    try {
      const { size } = await this.#check(file)
      if (size > 0) await endLine(file, size)
      return file
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async #check(file: FileHandle): Promise<{ size: number }> {
    const stats = await file.stat()
    if (!stats.isFile()) throw new Error(`${this.#path} is not a regular file`)
    if (process.getuid === undefined) return stats
    if (stats.uid !== process.getuid()) throw new Error(`${this.#path} belongs to another user`)
    if (stats.nlink > 1) throw new Error(`${this.#path} has other names: it may be another user's file`)
    // The file existed and others could read it.
    if ((stats.mode & 0o077) !== 0) await file.chmod(0o600)
    return stats
  }
}

/** Ends a line that a crash cut off, so that the next record gets its own line. */
const endLine = async (file: FileHandle, size: number): Promise<void> => {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
  if (buffer[0] !== 0x0a) await file.appendFile('\n')
}
