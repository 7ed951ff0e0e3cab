/** Where the command line keeps its logs and runs: a folder of the user's own that outlives a restart. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, realpath, rename, writeFile } from 'node:fs/promises'
import { homedir, platform } from 'node:os'
import { join } from 'node:path'

import type { RunState } from '@escher/execution-manager'

const byDefault = (): string => {
  if (platform() === 'win32') return join(process.env['LOCALAPPDATA'] ?? homedir(), 'escher-exec')
  return join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'escher-exec')
}

export class Home {
  readonly path: string

  constructor(given: string | undefined) {
    this.path = given ?? (process.env['ESCHER_EXEC_HOME'] || byDefault())
  }

  get logs(): string {
    return join(this.path, 'logs')
  }

  get records(): string {
    return join(this.path, 'records.jsonl')
  }

  async make(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 })
  }

  /** The state of a playbook's last run, known by the file's true path. */
  async #stateFile(playbook: string): Promise<string> {
    const name = createHash('sha256')
      .update(await realpath(playbook))
      .digest('hex')
    return join(this.path, 'runs', `${name.slice(0, 32)}.json`)
  }

  async keepState(playbook: string, state: RunState): Promise<void> {
    const file = await this.#stateFile(playbook)
    await mkdir(join(this.path, 'runs'), { recursive: true, mode: 0o700 })
    // Whole or not at all, also when the power fails.
    const draft = `${file}.${process.pid}`
    await writeFile(draft, JSON.stringify(state), { mode: 0o600 })
    await rename(draft, file)
  }

  async lastState(playbook: string): Promise<RunState | undefined> {
    try {
      return JSON.parse(await readFile(await this.#stateFile(playbook), 'utf8')) as RunState
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }
}
