// The end of the tour: what ran, where its logs are, and what one of them looks like.

import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

import { bold, heading } from '../lib/console.mjs'
import * as view from './view.mjs'

const overview = (executions) => {
  const rows = executions.map(({ status, durationMs, exitCode, command }) => [
    status,
    durationMs === null || durationMs === undefined ? '–' : view.duration(durationMs),
    exitCode === null || exitCode === undefined ? '–' : String(exitCode),
    command,
  ])
  view.table(['status', 'duration', 'exit', 'command'], rows)
  const folders = new Set(executions.flatMap(({ logPath }) => (logPath ? [dirname(logPath)] : [])))
  for (const folder of folders) view.say(`Their logs are in ${folder}`)
}

const oneLog = async (logPath) => {
  const lines = (await readFile(logPath, 'utf8')).trimEnd().split('\n')
  for (const text of lines.slice(0, 5)) view.line(text)
  if (lines.length > 6) view.line('…')
  if (lines.length > 5) view.line(lines.at(-1))
  view.say('O is standard output, E standard error. It is written while the program runs: tail -f follows it.')
}

export const closing = async (engine, number) => {
  const executions = engine
    .listExecutions()
    .toSorted((a, b) => String(a.startedAt ?? a.createdAt).localeCompare(String(b.startedAt ?? b.createdAt)))
  heading(`${number}  What the engine remembers`)
  overview(executions)

  const logged = executions.find(({ status, logPath }) => status === 'completed' && logPath)
  if (logged) {
    heading(`${number + 1}  The log of the first one`)
    await oneLog(logged.logPath)
  }
  console.log(
    `\n${bold('That was it.')} Nothing is left running. README.md has the first ten lines of your own program; npm test runs every test.`,
  )
}
