// Requests in short, and a listener that remembers.

import { once } from 'node:events'

import type { EventListener, ExecutionEvent, ExecutionRequest } from '@escher/execution-engine'

/** A request for a program. */
export const exec = ([program, args]: [string, string[]]): ExecutionRequest => ({
  command: { type: 'exec', program, args },
})

/** A request for a command line. */
export const sh = (command: string, conditions: Omit<ExecutionRequest, 'command'> = {}): ExecutionRequest => ({
  ...conditions,
  command: { type: 'shell', command },
})

/** Keeps every event; `until` resolves with the first that is wanted, also one that came before. */
export class Recorder {
  readonly events: ExecutionEvent[] = []
  readonly #changed = new EventTarget()

  readonly listener: EventListener = (event) => {
    this.events.push(event)
    this.#changed.dispatchEvent(new Event('event'))
  }

  get types(): string[] {
    return this.events.map(({ type }) => type)
  }

  async until(wanted: (event: ExecutionEvent) => boolean): Promise<ExecutionEvent> {
    for (;;) {
      const found = this.events.find((event) => wanted(event))
      if (found) return found
      await once(this.#changed, 'event')
    }
  }

  /** The process id, once there is a process. */
  async pid(): Promise<number> {
    const event = await this.until(({ type }) => type === 'started')
    return event.type === 'started' ? event.pid : 0
  }

  /** Resolves when this line was written. */
  line(text: string): Promise<ExecutionEvent> {
    return this.until((event) => (event.type === 'stdout' || event.type === 'stderr') && event.line === text)
  }
}

/** The error that the work throws or rejects with. */
export const errorOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work()
  } catch (error) {
    return error
  }
  return undefined
}
