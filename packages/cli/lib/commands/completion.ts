/** Completion scripts for shells, from the table of commands. */
import { UsageError } from '../arguments.js'
import { commands } from '../command-table.js'

const names = Object.keys(commands)
const flags = (name: string): string[] => Object.keys(commands[name]?.options ?? {}).map((option) => `--${option}`)

const bash = (): string => `# bash completion for escher-exec
_escher_exec() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${names.join(' ')} --help --version' -- "$current"))
    return
  fi
  local words=''
  case "$command" in
${names.map((name) => `    ${name}) words='${flags(name).join(' ')}${name === 'completion' ? ' bash zsh fish' : ''}' ;;`).join('\n')}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) if [ "$command" = completion ]; then COMPREPLY=($(compgen -W 'bash zsh fish' -- "$current")); else COMPREPLY=($(compgen -f -- "$current")); fi ;;
  esac
}
complete -o filenames -F _escher_exec escher-exec
`

const quoted = (text: string): string =>
  text.replaceAll("'", "'\\''").replaceAll('[', '\\[').replaceAll(']', '\\]').replaceAll(':', '\\:')

const zsh = (): string => `#compdef escher-exec
_escher_exec() {
  local -a commands
  commands=(${names.map((name) => `'${name}:${quoted(commands[name]?.about ?? '')}'`).join(' ')})
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case "$words[2]" in
${names
  .map((name) => {
    const specs = Object.entries(commands[name]?.options ?? {}).map(
      ([option, { about, value }]) =>
        `'--${option}[${quoted(about)}]${value === undefined ? '' : `:${quoted(value)}:`}'`,
    )
    return `    ${name}) _arguments ${specs.join(' ')} '*:file:_files' ;;`
  })
  .join('\n')}
  esac
}
compdef _escher_exec escher-exec
`

const fish = (): string => {
  const lines = names.map(
    (name) => `complete -c escher-exec -n __fish_use_subcommand -f -a ${name} -d '${commands[name]?.about ?? ''}'`,
  )
  for (const name of names) {
    for (const [option, { about, short, value }] of Object.entries(commands[name]?.options ?? {})) {
      const parts = [
        `-l ${option}`,
        ...(short === undefined ? [] : [`-s ${short}`]),
        ...(value === undefined ? [] : ['-r']),
      ]
      lines.push(
        `complete -c escher-exec -n '__fish_seen_subcommand_from ${name}' ${parts.join(' ')} -d '${about.replaceAll("'", "\\'")}'`,
      )
    }
  }
  return `# fish completion for escher-exec\n${lines.join('\n')}\n`
}

export const completion = (shell: string | undefined): string => {
  const scripts: Record<string, () => string> = { bash, zsh, fish }
  const make = shell !== undefined && Object.hasOwn(scripts, shell) ? scripts[shell] : undefined
  if (make === undefined) throw new UsageError('completion is for bash, zsh or fish')
  return make()
}
