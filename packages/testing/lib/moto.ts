// A mocked AWS on this machine: moto's server on a free loopback port, and an AWS configuration that points there.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

// ava runs in the project's root folder.
const venv = resolve('.venv')
const programs = join(venv, process.platform === 'win32' ? 'Scripts' : 'bin')

/** Whether tools/setup-python.mjs has put `aws` and `moto_server` into the project. */
export const hasMoto = existsSync(join(venv, '.requirements'))

/** One running server. */
export interface Moto {
  readonly url: string
  /** Environment of an `aws` command: the project's own `aws`, and only the mocked account. */
  readonly env: Record<string, string | null>
  /** Adds a named profile to the AWS configuration of `env`. */
  addProfile(name: string, keys: { id: string; secret: string }): Promise<void>
  /** `enforced`: from now on a call needs a policy that allows it, as in a real account. */
  enforceIam(enforced: boolean): Promise<void>
  stop(): Promise<void>
}

/** Keys that belong to no account: the server accepts any while IAM is not enforced. */
export const anyKeys = { id: 'AKIAIOSFODNN7EXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }

const freePort = () =>
  new Promise<number>((done, failed) => {
    const server = createServer()
    server.once('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address ? address.port : 0))
    })
  })

const hasEnded = (server: ChildProcess) => server.exitCode !== null || server.signalCode !== null

const end = async (server: ChildProcess) => {
  if (hasEnded(server)) return
  const closed = new Promise((done) => server.once('close', done))
  server.kill('SIGKILL')
  await closed
}

// Polls until the server answers; `false` when it ended before, for example because the port was taken meanwhile.
const answers = async (server: ChildProcess, url: string, deadline: number): Promise<boolean> => {
  while (!hasEnded(server)) {
    const response = await fetch(`${url}/moto-api/data.json`, { signal: AbortSignal.timeout(2000) }).catch(
      () => undefined,
    )
    if (response?.ok) return true
    if (Date.now() > deadline) throw new Error(`the mocked AWS did not answer on ${url} in time`)
    await pause(50)
  }
  return false
}

const startServer = async (home: string) => {
  const deadline = Date.now() + 60_000
  let said = ''
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const server = spawn(join(programs, 'moto_server'), ['--host', '127.0.0.1', '--port', String(port)], {
      env: { ...process.env, HOME: home },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    said = ''
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000)
    })
    server.once('error', (error) => {
      said += error.message
    })
    try {
      if (await answers(server, url, deadline)) return { server, url }
    } catch (error) {
      await end(server)
      throw error
    }
  }
  throw new Error(`the mocked AWS could not be started:\n${said}`)
}

export const startMoto = async (): Promise<Moto> => {
  const home = await mkdtemp(join(tmpdir(), 'execution-engine-moto-'))
  const { server, url } = await startServer(home)
  // Should the test process be ended from outside, the server goes with it.
  const onExit = () => server.kill('SIGKILL')
  process.once('exit', onExit)

  const config = join(home, 'config')
  const credentials = join(home, 'credentials')
  await Promise.all([config, credentials].map((file) => writeFile(file, '')))

  return {
    url,
    env: {
      PATH: `${programs}${delimiter}${process.env.PATH ?? ''}`,
      HOME: home,
      AWS_CONFIG_FILE: config,
      AWS_SHARED_CREDENTIALS_FILE: credentials,
      AWS_EC2_METADATA_DISABLED: 'true',
      // Keys in the environment would win over the profile.
      AWS_ACCESS_KEY_ID: null,
      AWS_SECRET_ACCESS_KEY: null,
      AWS_SESSION_TOKEN: null,
      AWS_ENDPOINT_URL: null,
      // A proxy has no business between two programs on this machine.
      NO_PROXY: '127.0.0.1',
      no_proxy: '127.0.0.1',
    },
    async addProfile(name, keys) {
      const secrets = `[${name}]\naws_access_key_id = ${keys.id}\naws_secret_access_key = ${keys.secret}\n`
      await writeFile(credentials, secrets, { flag: 'a', mode: 0o600 })
      await writeFile(config, `[profile ${name}]\nendpoint_url = ${url}\nretry_mode = standard\n`, { flag: 'a' })
    },
    async enforceIam(enforced) {
      // The body is the number of calls that are still let through unchecked.
      const response = await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', body: enforced ? '0' : 'inf' })
      if (!response.ok) throw new Error(`the mocked AWS refused to change its IAM mode: ${response.status}`)
    },
    async stop() {
      process.off('exit', onExit)
      await end(server)
      await rm(home, { recursive: true, force: true })
    },
  }
}
