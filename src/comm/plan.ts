import { refused } from '../core/errors.ts'
import { evenParts } from '../core/parts.ts'
import { ringAllGather, ringBroadcast, ringReduce, ringReduceScatter } from './plans/ring.ts'
import { starAllGather, starBroadcast, starGather, starReduce, starScatter } from './plans/star.ts'
import { treeAllGather, treeBroadcast, treeGather, treeReduce, treeScatter } from './plans/tree.ts'
import {
  partOf,
  type VectorLayout,
  type PlanAlgorithm,
  type PlanKind,
  type PlanRequest,
  type Range,
  type Step,
} from './steps.ts'

/** One member's side of a collective. */
export interface MemberPlan {
  readonly member: number
  readonly steps: readonly Step[]
  /** Range of the vector in this member's source (length 0: it contributes nothing). */
  readonly holds: Range
  /** Range of the vector in this member's target (length 0: it receives nothing). */
  readonly keeps: Range
}

export interface CollectivePlan {
  readonly request: PlanRequest
  readonly layout: VectorLayout
  readonly members: readonly MemberPlan[]
}

type Build = (layout: VectorLayout, member: number) => Step[]

const inTurn =
  (first: Build, second: Build): Build =>
  (layout, member) => [...first(layout, member), ...second(layout, member)]

/** A gather or scatter moves every part once, directly between its member and the root: a ring has no advantage. */
const BUILDERS: Record<PlanAlgorithm, Record<PlanKind, Build>> = {
  ring: {
    allReduce: inTurn(ringReduceScatter, ringAllGather),
    reduceScatter: ringReduceScatter,
    allGather: ringAllGather,
    broadcast: ringBroadcast,
    reduce: ringReduce,
    gather: starGather,
    scatter: starScatter,
  },
  tree: {
    allReduce: inTurn(treeReduce, treeBroadcast),
    reduceScatter: inTurn(treeReduce, treeScatter),
    allGather: treeAllGather,
    broadcast: treeBroadcast,
    reduce: treeReduce,
    gather: treeGather,
    scatter: treeScatter,
  },
  star: {
    allReduce: inTurn(starReduce, starBroadcast),
    reduceScatter: inTurn(starReduce, starScatter),
    allGather: starAllGather,
    broadcast: starBroadcast,
    reduce: starReduce,
    gather: starGather,
    scatter: starScatter,
  },
}

const ROOTED: ReadonlySet<PlanKind> = new Set<PlanKind>(['broadcast', 'reduce', 'gather', 'scatter'])

/** Fills in a request's defaults. Refuses non-integer sizes, parts that do not add up, and a root outside the group. */
export function vectorLayout(request: PlanRequest): VectorLayout {
  const { size, elements } = request
  if (!Number.isSafeInteger(size) || size < 1) throw refused('size', 'group-empty', { size })
  if (!Number.isSafeInteger(elements) || elements < 0) {
    throw refused('elements', 'not-a-count', { value: elements })
  }
  const lengths = request.parts ?? evenParts(elements, size)
  if (lengths.length !== size) throw refused('parts', 'parts-for-members', { parts: lengths.length, members: size })
  const parts: Range[] = []
  let offset = 0
  for (const length of lengths) {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw refused('parts', 'not-a-count', { value: length })
    }
    parts.push({ offset, length })
    offset += length
  }
  if (offset !== elements) throw refused('parts', 'parts-sum-differs', { offset, elements })
  const root = ROOTED.has(request.kind) ? (request.root ?? 0) : 0
  if (!Number.isSafeInteger(root) || root < 0 || root >= size) {
    throw refused('root', 'not-a-member', { member: root, size })
  }
  return { size, root, elements, parts }
}

const NOTHING: Range = { offset: 0, length: 0 }

function holds(kind: PlanKind, layout: VectorLayout, member: number): Range {
  const whole = { offset: 0, length: layout.elements }
  switch (kind) {
    case 'allReduce':
    case 'reduceScatter':
    case 'reduce':
      return whole
    case 'allGather':
    case 'gather':
      return partOf(layout, member)
    case 'broadcast':
    case 'scatter':
      return member === layout.root ? whole : NOTHING
  }
}

function keeps(kind: PlanKind, layout: VectorLayout, member: number): Range {
  const whole = { offset: 0, length: layout.elements }
  switch (kind) {
    case 'allReduce':
    case 'allGather':
    case 'broadcast':
      return whole
    case 'reduceScatter':
    case 'scatter':
      return partOf(layout, member)
    case 'reduce':
    case 'gather':
      return member === layout.root ? whole : NOTHING
  }
}

/** One member's plan, without building the others'. */
export function memberPlan(request: PlanRequest, member: number): MemberPlan {
  const layout = vectorLayout(request)
  if (!Number.isSafeInteger(member) || member < 0 || member >= layout.size) {
    throw refused('member', 'not-a-member', { member, size: layout.size })
  }
  return {
    member,
    steps: BUILDERS[request.algorithm][request.kind](layout, member),
    holds: holds(request.kind, layout, member),
    keeps: keeps(request.kind, layout, member),
  }
}

/** Every member's plan. */
export function collectivePlan(request: PlanRequest): CollectivePlan {
  const members = Array.from({ length: request.size }, (_, member) => memberPlan(request, member))
  return { request, layout: vectorLayout(request), members }
}
