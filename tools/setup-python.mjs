// Puts the AWS command line and moto's mock server into a virtual environment of the project (.venv), for
// the end-to-end test. Run again, it does nothing until tools/requirements.txt changes.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { main, step, yellow } from './lib/console.mjs'
import { root, runQuietly, versionOf } from './lib/run.mjs'

const requirements = join(root, 'tools/requirements.txt')
const environment = join(root, '.venv')
const marker = join(environment, '.requirements')
const programs = join(environment, process.platform === 'win32' ? 'Scripts' : 'bin')

const wanted = () => createHash('sha256').update(readFileSync(requirements)).digest('hex')

const isReady = () => existsSync(marker) && readFileSync(marker, 'utf8') === wanted()

const check = 'import sys, venv, ensurepip; assert sys.version_info >= (3, 9); print(sys.version)'

// The first Python 3 that can make a virtual environment with pip in it.
const findPython = () => ['python3', 'python'].find((name) => versionOf(name, ['-c', check]) !== undefined)

// `true` when aws and moto_server are ready; `false` when there is no Python to put them in.
export const setUpPython = async () => {
  if (isReady()) return true
  const python = findPython()
  if (!python) {
    console.log(
      `  ${yellow('–')} skipped: no Python 3.9 or newer with venv and pip here, so the end-to-end test against a mocked AWS cannot run.\n` +
        '    On Debian and Ubuntu: apt-get install python3-venv python3-pip',
    )
    return false
  }
  await step('AWS command line and mock server into .venv', async () => {
    rmSync(environment, { recursive: true, force: true })
    await runQuietly(python, ['-m', 'venv', environment])
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements]
    await runQuietly(join(programs, process.platform === 'win32' ? 'python.exe' : 'python'), pip)
    // Last, because the marker says that everything before it worked.
    writeFileSync(marker, wanted())
  })
  return true
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(async () => void (await setUpPython()))
