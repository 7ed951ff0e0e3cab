/** The help, from the table of commands. */
import type { CommandInfo } from './arguments.js'
import { commands } from './command-table.js'

const NAME = 'escher-exec'

const columns = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}

export const generalHelp = (): string => `Runs playbooks and single commands on this machine, under supervision.

Usage: ${NAME} COMMAND [options]

${columns(Object.values(commands).map(({ usage, about }) => [usage, about]))}
  ${NAME} --version

Examples:
${['run', 'exec', 'list'].map((name) => `  ${NAME} ${commands[name]?.examples[0] ?? ''}`).join('\n')}

Exit codes: 0 done · 1 a step failed · 2 wrong usage or playbook, nothing run · 3 not approved · 130 interrupted;
\`exec\` ends with the program's own code (124 timeout, 126 cannot run, 127 not found, 128+n signal n).
\`${NAME} COMMAND --help\` tells more of each.
`

export const commandHelp = ({ usage, about, options, examples }: CommandInfo): string => {
  const rows = Object.entries(options).map(([name, { short, value, about: text }]) => {
    const long = `--${name}${value === undefined ? '' : ` ${value}`}`
    return [short === undefined ? `    ${long}` : `-${short}, ${long}`, text] as const
  })
  return `${about[0]?.toUpperCase()}${about.slice(1)}.

Usage: ${NAME} ${usage}

${columns(rows)}

Examples:
${examples.map((example) => `  ${NAME} ${example}`).join('\n')}
`
}
