import { vectorLayout, type MemberPlan } from './plan.ts'
import { treeChildren, treeSubtree } from './plans/tree.ts'
import { fromRoot, memberAt, partOf, type VectorLayout, type PlanKind, type PlanRequest } from './steps.ts'

/** What one member sends and receives in a collective. */
export interface MovedBytes {
  readonly sent: number
  readonly received: number
}

/** Bytes one member moves, summed over the plan's steps. */
export function planBytes(plan: MemberPlan, elementBytes = 4): MovedBytes {
  let sent = 0
  let received = 0
  for (const step of plan.steps) {
    if (step.kind === 'send') sent += step.length
    else received += step.length
  }
  return { sent: sent * elementBytes, received: received * elementBytes }
}

/**
 * Bytes one member moves, by formula and without building a plan; equal to `planBytes` for every request. With S the whole
 * and p the member's part (S/N when N divides it), a ring moves per member and direction:
 *
 *   all-reduce       2S − two parts = 2(N−1)/N · S     reduce-scatter, all-gather   S − p = (N−1)/N · S
 *   broadcast, reduce   S (0 at the chain's end)       gather, scatter              p; S − p at the root
 *
 * Where N does not divide S, parts differ by at most one element and so do the members' counts, by at most two.
 */
export function collectiveBytes(request: PlanRequest, member: number, elementBytes = 4): MovedBytes {
  const layout = vectorLayout(request)
  const { sent, received } = FORMULAS[request.algorithm](request.kind, layout, member)
  return { sent: sent * elementBytes, received: received * elementBytes }
}

type Formula = (kind: PlanKind, layout: VectorLayout, member: number) => MovedBytes

const FORMULAS: Record<PlanRequest['algorithm'], Formula> = { ring, tree, star }

function plus(a: MovedBytes, b: MovedBytes): MovedBytes {
  return { sent: a.sent + b.sent, received: a.received + b.received }
}

function ring(kind: PlanKind, layout: VectorLayout, member: number): MovedBytes {
  const S = layout.elements
  const N = layout.size
  if (N === 1) return { sent: 0, received: 0 }
  const part = (i: number): number => partOf(layout, i).length
  const v = fromRoot(layout, member)
  switch (kind) {
    case 'reduceScatter':
      return { sent: S - part(member), received: S - part(member - 1) }
    case 'allGather':
      return { sent: S - part(member + 1), received: S - part(member) }
    case 'allReduce':
      return plus(ring('reduceScatter', layout, member), ring('allGather', layout, member))
    case 'broadcast':
      return { sent: v < N - 1 ? S : 0, received: v > 0 ? S : 0 }
    case 'reduce':
      return { sent: v > 0 ? S : 0, received: v === 1 ? 0 : S }
    case 'gather':
    case 'scatter':
      return star(kind, layout, member)
  }
}

function star(kind: PlanKind, layout: VectorLayout, member: number): MovedBytes {
  const S = layout.elements
  const links = layout.size - 1
  const own = partOf(layout, member).length
  const atRoot = member === layout.root
  switch (kind) {
    case 'reduce':
      return atRoot ? { sent: 0, received: links * S } : { sent: S, received: 0 }
    case 'broadcast':
      return atRoot ? { sent: links * S, received: 0 } : { sent: 0, received: S }
    case 'gather':
      return atRoot ? { sent: 0, received: S - own } : { sent: own, received: 0 }
    case 'scatter':
      return atRoot ? { sent: S - own, received: 0 } : { sent: 0, received: own }
    case 'allReduce':
      return plus(star('reduce', layout, member), star('broadcast', layout, member))
    case 'reduceScatter':
      return plus(star('reduce', layout, member), star('scatter', layout, member))
    case 'allGather':
      // The root sends each of the others the whole less its own part.
      return atRoot ? { sent: links * S - (S - own), received: S - own } : { sent: own, received: S - own }
  }
}

function tree(kind: PlanKind, layout: VectorLayout, member: number): MovedBytes {
  const S = layout.elements
  const v = fromRoot(layout, member)
  const children = treeChildren(v, layout.size).length
  const above = v > 0 ? 1 : 0
  const { from, end } = treeSubtree(v, layout.size)
  let under = 0
  for (let place = from; place < end; place++) under += partOf(layout, memberAt(layout, place)).length
  const below = under - partOf(layout, member).length
  switch (kind) {
    case 'reduce':
      return { sent: above * S, received: children * S }
    case 'broadcast':
      return { sent: children * S, received: above * S }
    case 'gather':
      return { sent: above * under, received: below }
    case 'scatter':
      return { sent: below, received: above * under }
    case 'allReduce':
      return plus(tree('reduce', layout, member), tree('broadcast', layout, member))
    case 'reduceScatter':
      return plus(tree('reduce', layout, member), tree('scatter', layout, member))
    case 'allGather':
      // Every child gets the whole less its subtree's parts; the children's subtrees have `below` together.
      return { sent: above * under + children * S - below, received: below + above * (S - under) }
  }
}
