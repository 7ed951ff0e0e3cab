/** Something that cannot be parsed, and what to do about it. The caller knows its position. */
export interface Problem {
  readonly message: string
  readonly hint: string
}

export const isProblem = <Value extends object>(value: Value | Problem): value is Problem =>
  Object.hasOwn(value, 'message')
