import { joined, sentence } from '../core/fault.ts'
import type { Fault, FaultValue } from '../core/fault.ts'
import type { Condition } from './field.ts'
import type { RegisteredField } from './registry.ts'
import { FIELDS, hasEffect, holds, valueAt } from './registry.ts'
import { isObject, quoted } from './quoted.ts'
import type { RunConfig } from './types.ts'

/** Fields set to a non-default value where they have no effect: whoever set one expects it to do something. */
export function withoutEffect(config: RunConfig): Fault[] {
  return strayFieldsOf(config).map(({ path, when, default: usual }) => {
    const unmet = when![0]!.filter((each) => !holds(each, config))
    const needs = joined('also', unmet.map(conditionText))
    const given = quoted(valueAt(config, path))
    return { ...sentence('no-effect-here', { value: given, needs, usual: quoted(usual) }), field: path }
  })
}

/** The configuration with fields that have no effect reset to their defaults. */
export function withoutStrayFields(config: RunConfig): RunConfig {
  let rest = config
  // Resetting one may disable others.
  for (let [stray] = strayFieldsOf(rest); stray !== undefined; [stray] = strayFieldsOf(rest)) {
    const { object, path, default: usual } = stray
    rest = object === undefined ? withValue(rest, path, usual) : withValue(rest, object, { kind: usual })
  }
  return rest
}

/** Non-default fields that have no effect. */
export function strayFieldsOf(config: object): RegisteredField[] {
  return [...FIELDS.values()].filter((each) => {
    const value = valueAt(config, each.path)
    return (
      'default' in each &&
      value !== undefined &&
      JSON.stringify(value) !== JSON.stringify(each.default) &&
      !hasEffect(each, config)
    )
  })
}

function withValue<Root extends object>(root: Root, path: string, value: unknown): Root {
  const dot = path.indexOf('.')
  if (dot < 0) return { ...root, [path]: value }
  const head = path.slice(0, dot)
  const inner = valueAt(root, head)
  return { ...root, [head]: withValue(isObject(inner) ? inner : {}, path.slice(dot + 1), value) }
}

function conditionText(condition: Condition): FaultValue {
  if ('given' in condition) return condition.field
  if ('is' in condition)
    return sentence('field-is', { field: condition.field, value: joined('either', condition.is.map(String)) })
  return 'least' in condition ? `${condition.field} ≥ ${condition.least}` : `${condition.field} > ${condition.above}`
}

/** Values that only the simulator takes. */
export function simulatedOnly(config: RunConfig): Fault[] {
  return [...FIELDS.values()].flatMap(({ path, executes }) => {
    const value = valueAt(config, path)
    if (executes === undefined || executes.some((each) => each === value)) return []
    const allowed = joined('either', executes.map(quoted))
    return [{ ...sentence('only-for-simulate', { value: quoted(value), allowed }), field: path }]
  })
}
