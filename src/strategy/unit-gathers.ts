import type { BufferId } from '../schedule/buffers.ts'
import { bufferName } from '../schedule/buffers.ts'
import { isCompute } from '../schedule/op-kinds.ts'
import type { BufferSpec, ComputeOp } from '../schedule/program.ts'
import type { OpDraft } from './draft.ts'
import { buffer } from './draft.ts'
import { paramBuffer } from './ranks.ts'
import { withNames } from './segment-writer.ts'
import type { Unit } from './units.ts'

type ComputeDraft = Omit<ComputeOp, 'id'>

/** A range of a rank's ops during which a unit's parameters are gathered. */
interface Visit {
  readonly unit: Unit
  readonly first: number
  readonly last: number
  readonly microbatch: number
  readonly stage: number
  /** Indices of the ops that use the unit. */
  readonly users: readonly number[]
}

export interface GatherOptions {
  /** A unit is released after its forward and gathered again for its backward; otherwise it is kept in between. */
  readonly reshard: boolean
  /** A unit is gathered while the previous one computes. */
  readonly prefetch: boolean
  /** Ops that gather the whole parameters of a unit into the buffers `nameOf` names. */
  readonly bring: (
    unit: Unit,
    visit: VisitName,
  ) => { readonly ops: readonly OpDraft[]; readonly buffers: readonly BufferSpec[] }
}

export interface VisitName {
  readonly index: number
  readonly nameOf: (parameter: string) => string
  readonly microbatch: number
  readonly stage: number
}

/** The head's work belongs to the backward pass: it starts there. */
function passOf({ kind, segment }: ComputeDraft): 'forward' | 'backward' {
  const atHead = ['logits', 'loss', 'lossStats', 'lossSharded'].includes(segment.kind)
  return kind === 'forward' && !atHead ? 'forward' : 'backward'
}

interface Use {
  readonly at: number
  readonly unit: Unit
  readonly microbatch: number
  readonly stage: number
  readonly pass: string
}

function usesOf(ops: readonly OpDraft[], units: readonly Unit[]): Use[] {
  const unitOf = new Map(units.flatMap((unit) => unit.parameters.map(({ name }) => [paramBuffer(name), unit] as const)))
  return ops.flatMap((op, at) => {
    if (!isCompute(op)) return []
    const { microbatch = 0, stage = 0 } = op
    const used = new Set(op.reads.flatMap((name) => unitOf.get(name) ?? []))
    return [...used].map((unit) => ({ at, unit, microbatch, stage, pass: passOf(op) }))
  })
}

function visitOf(uses: readonly Use[]): Visit {
  const [{ unit, microbatch, stage, at: first }] = uses as [Use]
  return { unit, microbatch, stage, first, last: uses.at(-1)!.at, users: uses.map(({ at }) => at) }
}

/** Every unit has one visit in each forward and one in each backward, ending when another unit starts. */
function shortVisits(uses: readonly Use[]): Visit[] {
  const visits: Visit[] = []
  const open = new Map<Unit, Use[]>()
  for (const use of uses) {
    for (const [unit, visit] of open) {
      const [first, last] = [visit[0]!, visit.at(-1)!]
      const over =
        unit === use.unit ? first.microbatch !== use.microbatch || first.pass !== use.pass : last.at !== use.at
      if (!over) continue
      visits.push(visitOf(visit))
      open.delete(unit)
    }
    open.set(use.unit, [...(open.get(use.unit) ?? []), use])
  }
  return [...visits, ...[...open.values()].map(visitOf)]
}

/** A unit is kept while any micro-batch that has used it will use it again. */
function longVisits(uses: readonly Use[]): Visit[] {
  const lastUse = new Map<string, number>()
  const key = ({ unit, microbatch }: Use) => `${microbatch} ${unit.name}`
  for (const use of uses) lastUse.set(key(use), use.at)
  const visits: Visit[] = []
  const open = new Map<Unit, { uses: Use[]; until: number }>()
  for (const use of uses) {
    const visit = open.get(use.unit) ?? { uses: [], until: -1 }
    open.set(use.unit, visit)
    visit.uses.push(use)
    visit.until = Math.max(visit.until, lastUse.get(key(use))!)
    if (use.at < visit.until) continue
    visits.push(visitOf(visit.uses))
    open.delete(use.unit)
  }
  return visits
}

/** Inserts gathers into a rank's ops and gives every visit its own buffers, released after it. */
export function withUnitGathers(
  ops: readonly OpDraft[],
  units: readonly Unit[],
  options: GatherOptions,
): { ops: OpDraft[]; buffers: BufferSpec[] } {
  const uses = usesOf(ops, units)
  const visits = (options.reshard ? shortVisits(uses) : longVisits(uses)).toSorted((a, b) => a.first - b.first)
  const before = new Map<number, OpDraft[]>()
  const renames = new Map<number, Map<string, string>>()
  const buffers: BufferSpec[] = []
  for (const [index, visit] of visits.entries()) {
    const idOf = (tensor: string): BufferId => ({ role: 'gathered', tensor, visit: index })
    const nameOf = (parameter: string) => bufferName(idOf(parameter))
    const { microbatch, stage, unit } = visit
    for (const { name, elements } of unit.parameters) buffers.push(buffer(idOf(name), elements))
    const brought = options.bring(unit, { index, nameOf, microbatch, stage })
    buffers.push(...brought.buffers)
    const at = options.prefetch && index > 0 ? visits[index - 1]!.first : visit.first
    before.set(at, [...(before.get(at) ?? []), ...brought.ops])
    for (const user of visit.users) {
      const names = renames.get(user) ?? new Map<string, string>()
      for (const { name } of unit.parameters) names.set(paramBuffer(name), nameOf(name))
      renames.set(user, names)
    }
  }
  return { ops: ops.flatMap((op, i) => [...(before.get(i) ?? []), withNames(op, renames.get(i))]), buffers }
}
