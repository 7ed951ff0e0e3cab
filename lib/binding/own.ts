/**
 * Objects of named fields, as callers pass them. Only own properties count: a property on a prototype is no option,
 * whoever put it there. Values that would lose something by this rule are refused.
 */
import { tagOf } from './refuse.js'

/** The end of a prototype chain, in any realm. */
const isRoot = (prototype: object): boolean =>
  prototype === Object.prototype ||
  (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'))

/**
 * Whether a class, or an object that others inherit from, holds something that the caller may have meant as a field.
 */
const holdsFields = (prototype: object, names: object, isEmpty: boolean): boolean =>
  Reflect.ownKeys(prototype).some((key) => {
    if (key === 'constructor') return false
    if (isEmpty || key === Symbol.iterator || Object.hasOwn(names, key)) return true
    const property = Object.getOwnPropertyDescriptor(prototype, key)
    return property?.enumerable === true || Object.hasOwn(property ?? {}, 'get')
  })

const isInstanceOfFields = (value: object, names: object): boolean => {
  // `Map`, `Date`, `Promise`, `String` …: their contents are not in fields.
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
 * Whether all that a value holds is in its own fields. `names`: an object with the known ones.
 *
 * This refuses arrays, iterables and built-in objects. Instances of a program's own classes pass, unless their
 * prototypes have getters or known names.
 * getters, or known names, are on their prototypes.
 */
export const isFields = (value: unknown, names: object = {}): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (Object.hasOwn(value, Symbol.iterator)) return false
  return prototype === Object.prototype || prototype === null || isInstanceOfFields(value, names)
}
