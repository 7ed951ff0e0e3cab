// Child processes of the scripts themselves. Plain Node: the scripts run before anything is built or installed.

import { spawn, spawnSync } from 'node:child_process'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Problem } from './console.mjs'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

const windows = process.platform === 'win32'

// On Windows npm and npx are .cmd files, which only a shell can start.
const needsShell = (program) => windows && (program === 'npm' || program === 'npx')

const quote = (text) => (/^[\w./:=@\\-]+$/.test(text) ? text : `"${text}"`)

const start = (program, args, options) => {
  const settings = { cwd: root, ...options }
  return needsShell(program)
    ? spawn([program, ...args].map(quote).join(' '), { ...settings, shell: true })
    : spawn(program, args, settings)
}

const ended = (child, program) =>
  new Promise((done, failed) => {
    child.once('error', (error) => {
      failed(error.code === 'ENOENT' ? new Problem(`${program} was not found on the PATH.`) : error)
    })
    child.once('close', (code, signal) => done({ code: code ?? 1, signal }))
  })

// Shows its output as it arrives; `onText` sees it too. Resolves with the exit code.
export const runShown = async (program, args, { onText, ...options } = {}) => {
  if (!onText)
    return (await ended(start(program, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options }), program)).code
  const child = start(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    from.setEncoding('utf8')
    from.on('data', (text) => {
      to.write(text)
      onText(text)
    })
  }
  return (await ended(child, program)).code
}

// The beginning usually has the cause, the end the consequences.
const shorten = (text) => {
  const lines = text.trimEnd().split('\n')
  return lines.length <= 60 ? lines.join('\n') : [...lines.slice(0, 30), '…', ...lines.slice(-30)].join('\n')
}

// Shows its output only if it fails.
export const runQuietly = async (program, args, options = {}) => {
  const child = start(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text) => {
      output += text
    })
  }
  const { code, signal } = await ended(child, program)
  if (code !== 0) {
    const shown = [program, ...args].join(' ')
    throw new Problem(`\`${shown}\` failed (${signal ?? `exit code ${code}`}):\n\n${shorten(output)}`)
  }
  return output
}

// The first line of its answer to `--version`, or undefined if it is not installed.
export const versionOf = (program, args = ['--version']) => {
  const { status, stdout } = needsShell(program)
    ? spawnSync([program, ...args].join(' '), { encoding: 'utf8', shell: true, cwd: root })
    : spawnSync(program, args, { encoding: 'utf8', cwd: root })
  return status === 0 ? stdout.trim().split('\n')[0] : undefined
}
