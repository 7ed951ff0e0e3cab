/** Commands as the native side takes them: JSON. */
import type { ExecutionCommand } from '../types.js'
import { type Field, Fields, oneOf, path, refuseObject, text, texts } from './fields.js'
import { isFields } from './own.js'
import { type Given, refuse } from './refuse.js'

type CommandFields = {
  readonly [Type in ExecutionCommand['type']]: Fields<keyof Extract<ExecutionCommand, { type: Type }> & string>
}

/** Checked again, because the copy that was read is the one that counts. */
const type = (name: ExecutionCommand['type']): Field => oneOf([name])

const commands: CommandFields = {
  exec: new Fields({ type: type('exec'), program: text, args: texts }, ['program']),
  shell: new Fields({ type: type('shell'), command: text, shell: text }, ['command']),
  script: new Fields({ type: type('script'), path, interpreter: text, args: texts }, ['path']),
  aws_cli: new Fields(
    { type: type('aws_cli'), service: text, operation: text, args: texts, profile: text, region: text },
    ['service', 'operation'],
  ),
}

const isCommandType = (name: unknown): name is keyof typeof commands =>
  typeof name === 'string' && Object.hasOwn(commands, name)

/** An own property: a type inherited from a prototype does not count. */
const ownType = (command: unknown): unknown =>
  isFields(command) && Object.hasOwn(command, 'type') ? command['type'] : undefined

/** A command of any type. */
export const commandAsJson = (value: unknown, name: string, given: Given): string => {
  if (value === undefined) return refuse(given, name, value, 'it is required')
  const kind = ownType(value)
  if (isCommandType(kind) && commands[kind].holds(value)) {
    return commands[kind].jsonOf(value, `${name}.`, given)
  }
  if (!isFields(value)) return refuseObject(given, name, value, 'allowed is a command, an object with a `type`')
  const known = Object.keys(commands).map((each) => `'${each}'`)
  return refuse(given, `${name}.type`, kind, `allowed are ${known.join(', ')}`)
}

/** A program, and its arguments if there are any. */
export const programAsJson = (program: unknown, args: unknown, given: Given): string => {
  const json = `{"type":"exec","program":${text(program, 'command.program', given)}`
  return args === undefined ? `${json}}` : `${json},"args":${texts(args, 'command.args', given)}}`
}
