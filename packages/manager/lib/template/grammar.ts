/** The grammar of names and paths, as regular expressions for templates and conditions. */

/** A parameter's name, or any other word. */
export const WORD = String.raw`[A-Za-z_]\w*`

/** One character of a step's id. */
export const STEP_ID = '[A-Za-z0-9_-]'

/** A string in double quotes, with escapes as in JSON. */
export const STRING = String.raw`"(?:[^"\\]|\\.)*"`

/** A key of an object that needs no quotes. */
export const KEY = String.raw`[A-Za-z_$][\w$-]*`

/** An index in an array; a negative one counts from the end. */
export const INDEX = String.raw`-?\d+`

/** One step of a path into JSON. */
const ACCESSOR = String.raw`(?:\.${KEY}|\[${INDEX}\]|\[${STRING}\])`

/** A value of a step, such as `steps.list.json.items[0]["a name"]`. */
export const STEP_VALUE = String.raw`steps\.${STEP_ID}+\.\w+${ACCESSOR}*`
