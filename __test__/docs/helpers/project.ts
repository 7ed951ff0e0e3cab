// A folder like a user's: the packages are installed, the tools of the examples are on the PATH, and everything that a
// program leaves behind stays in it.

import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'

/** How a program ended. */
export interface Ending {
  readonly exitCode: number
  readonly output: string
}

/** Stand-ins for tools that need an account, a daemon or a network. They print what the real ones would. */
const tools = {
  aws: 'echo \'{"Reservations":[{"Instances":[{"InstanceId":"i-0abc"}]}]}\'',
  docker: 'echo "docker $*"',
  psql: 'echo "(1 row)"',
  terraform: 'printf "Refreshing state\\nNo changes.\\n"',
}

const compilerOptions = {
  module: 'nodenext',
  target: 'es2022',
  lib: ['es2023', 'es2024.string', 'esnext.disposable'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
}

/** Long beyond what anything takes: a net. */
const timeout = 120_000

export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'execution-engine-docs-'))

  constructor() {
    symlinkSync(resolve('node_modules'), join(this.folder, 'node_modules'))
    for (const [name, script] of Object.entries(tools)) {
      this.write(`bin/${name}`, `#!/bin/sh\n${script}\n`, 0o755)
    }
    this.write('package.json', JSON.stringify({ name: 'documents', private: true }))
    this.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['**/*.mts'] }))
  }

  write(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true })
    writeFileSync(join(this.folder, path), text, { mode })
  }

  copy(from: string, to: string): void {
    mkdirSync(dirname(join(this.folder, to)), { recursive: true })
    copyFileSync(resolve(from), join(this.folder, to))
  }

  /** Checks the types of every program in the folder, and compiles them. */
  compile(): Promise<Ending> {
    return this.#run('.', process.execPath, [resolve('node_modules/typescript/bin/tsc'), '--project', '.'])
  }

  /** Runs a compiled program where its page's files are. */
  node(folder: string, program: string): Promise<Ending> {
    return this.#run(folder, process.execPath, [program])
  }

  shell(folder: string, script: string): Promise<Ending> {
    return this.#run(folder, '/bin/sh', ['-eu', '-c', script])
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #run(folder: string, program: string, args: readonly string[]): Promise<Ending> {
    const env = {
      ...process.env,
      PATH: [join(this.folder, 'bin'), resolve('node_modules/.bin'), process.env.PATH].join(delimiter),
      HOME: this.folder,
      TMPDIR: this.folder,
      XDG_STATE_HOME: join(this.folder, 'state'),
      ESCHER_EXEC_HOME: join(this.folder, 'home'),
      NO_COLOR: '1',
      npm_config_offline: 'true',
    }
    return new Promise((done) => {
      const child = execFile(
        program,
        args,
        { cwd: join(this.folder, folder), env, timeout },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : error.code
          done({ exitCode: typeof code === 'number' ? code : -1, output: stdout + stderr })
        },
      )
      child.stdin?.end()
    })
  }
}
