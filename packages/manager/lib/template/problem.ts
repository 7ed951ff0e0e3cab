/** Something that cannot be understood, and what to do about it. Who reads it knows where it stands. */
export interface Problem {
  readonly message: string
  readonly hint: string
}

export const isProblem = <Value extends object>(value: Value | Problem): value is Problem =>
  Object.hasOwn(value, 'message')
