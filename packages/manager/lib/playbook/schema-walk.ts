/** Finds the part of a schema for the value at a path, so that only the schema names fields. */
import type { Path } from './problems.js'

/** The parts of a valibot schema that a walk needs. */
export interface Shape {
  readonly type: string
  /** Of an optional. */
  readonly wrapped?: Shape
  /** Of an object. */
  readonly entries?: Readonly<Record<string, Shape>>
  /** Of a record. */
  readonly value?: Shape
  /** Of an array. */
  readonly item?: Shape
  /** Of a union. */
  readonly options?: readonly unknown[]
}

const isShape = (value: unknown): value is Shape => typeof value === 'object' && value !== null && 'type' in value

/** The schemas of which a value must satisfy one. */
export const alternatives = (schema: Shape): readonly Shape[] => {
  if (schema.wrapped) return alternatives(schema.wrapped)
  if (schema.type === 'union') return (schema.options ?? []).filter(isShape).flatMap(alternatives)
  return [schema]
}

/** The schemas one level further in. */
export const under = (schemas: readonly Shape[], key: string | number): readonly Shape[] =>
  schemas.flatMap(({ entries, value, item }) => {
    const inner = entries && Object.hasOwn(entries, key) ? entries[key] : (value ?? item)
    return inner ? alternatives(inner) : []
  })

/** The fields that an object at this path can have. */
export const fieldsAt = (schema: Shape, path: Path): string[] =>
  path.reduce(under, alternatives(schema)).flatMap(({ entries }) => Object.keys(entries ?? {}))
