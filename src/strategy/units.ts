import type { RunConfig } from '../config/types.ts'
import { familyOf } from '../model/family.ts'
import type { LocalParameter } from './layout.ts'

/** Parameters that are gathered and released together under ZeRO-3 (an FSDP unit). */
export interface Unit {
  readonly name: string
  readonly parameters: readonly LocalParameter[]
}

/** The default modules of units: the embeddings, each block, the final norm with an untied head. */
function moduleOf({ model }: RunConfig): (parameter: LocalParameter) => string {
  const { blockName } = familyOf(model)
  return ({ block, tiedToHead }) =>
    block < 0 || tiedToHead ? 'embedding' : block < model.layers ? blockName(block) : 'final'
}

function groupBy(parameters: readonly LocalParameter[], nameOf: (parameter: LocalParameter) => string): Unit[] {
  const groups = new Map<string, LocalParameter[]>()
  for (const parameter of parameters) {
    const name = nameOf(parameter)
    groups.set(name, [...(groups.get(name) ?? []), parameter])
  }
  return [...groups].map(([name, members]) => ({ name, parameters: members }))
}

/**
 * Units of one rank's parameters under `parallel.fsdp.wrap`: "block" one per module, "all" a single one; with
 * `minParameters` modules are joined, in order, until a unit has that many elements; listed modules form units, and the
 * rest is the root's.
 */
export function unitsOf(config: RunConfig, parameters: readonly LocalParameter[]): Unit[] {
  const { wrap } = config.parallel.fsdp
  if (wrap === 'all') return [{ name: 'model', parameters }]
  const modules = groupBy(parameters, moduleOf(config))
  if (wrap === 'block') return modules
  if ('minParameters' in wrap) return joined(modules, wrap.minParameters)
  const listed = (name: string) => wrap.findIndex((unit) => unit.some((module) => name.startsWith(`${module}.`)))
  return groupBy(parameters, ({ name }) => {
    const index = listed(name)
    return index < 0 ? 'root' : wrap[index]!.join('+')
  })
}

function joined(modules: readonly Unit[], least: number): Unit[] {
  const units: Unit[] = []
  let open: Unit | null = null
  for (const module of modules) {
    const grown: Unit = open
      ? { name: `${open.name}+${module.name}`, parameters: [...open.parameters, ...module.parameters] }
      : module
    const full = grown.parameters.reduce((sum, each) => sum + each.elements, 0) >= least
    if (full) units.push(grown)
    open = full ? null : grown
  }
  return open ? [...units, open] : units
}
