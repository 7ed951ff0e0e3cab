/**
 * Objects of named fields, as programs give them. Only their own fields count: what hangs on a prototype is nobody's
 * option, whether a library put it there or an attacker. What would be lost by that is refused.
 */
import { tagOf } from './refuse.js'

/** The end of the chain of prototypes, in any realm. */
const isRoot = (prototype: object): boolean =>
  prototype === Object.prototype ||
  (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'))

/** Whether a class, or an object that others inherit from, holds what a program may have meant to give. */
const holdsFields = (prototype: object, names: object, isEmpty: boolean): boolean =>
  Reflect.ownKeys(prototype).some((key) => {
    if (key === 'constructor') return false
    if (isEmpty || key === Symbol.iterator || Object.hasOwn(names, key)) return true
    const property = Object.getOwnPropertyDescriptor(prototype, key)
    return property?.enumerable === true || Object.hasOwn(property ?? {}, 'get')
  })

const isInstanceOfFields = (value: object, names: object): boolean => {
  // `Map`, `Date`, `Promise`, `String` …: what they hold is in no field.
  if (tagOf(value) !== 'Object') return false
  const isEmpty = Reflect.ownKeys(value).length === 0
  let prototype: unknown = Object.getPrototypeOf(value)
  while (typeof prototype === 'object' && prototype !== null && !isRoot(prototype)) {
    if (holdsFields(prototype, names, isEmpty)) return false
    prototype = Object.getPrototypeOf(prototype)
  }
  return true
}

/**
 * Whether all that a value holds is in fields of its own. `names`: an object with those that are known.
 *
 * Arrays, what can be iterated and built-in objects are none; instances of a program's own classes are, unless
 * getters, or known names, are on their prototypes.
 */
export const isFields = (value: unknown, names: object = {}): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (Object.hasOwn(value, Symbol.iterator)) return false
  return prototype === Object.prototype || prototype === null || isInstanceOfFields(value, names)
}
