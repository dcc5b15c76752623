import { fromRoot, memberAt, partOf, recvSteps, sendSteps, type VectorLayout, type Range, type Step } from '../steps.ts'

/**
 * Binomial trees, as in MPI implementations: ⌈log2 N⌉ rounds for any N. With v counted from the root, the parent of v is
 * v without its lowest set bit; the subtree of v is v … v + lowest bit − 1 (cut at N).
 *
 *   N = 6      0
 *            / | \
 *           1  2  4
 *              |  |
 *              3  5
 */

/** Lowest set bit of v; for the root the first power of two that spans the group. */
function reach(v: number, size: number): number {
  if (v > 0) return v & -v
  let mask = 1
  while (mask < size) mask <<= 1
  return mask
}

/** Children of v, nearest first: the order in which a reduction combines them. */
export function treeChildren(v: number, size: number): number[] {
  const children: number[] = []
  for (let mask = 1; mask < reach(v, size); mask <<= 1) if (v + mask < size) children.push(v + mask)
  return children
}

/** Members of v's subtree, itself included, as places [v, end) counted from the root. */
export function treeSubtree(v: number, size: number): { readonly from: number; readonly end: number } {
  return { from: v, end: Math.min(size, v + reach(v, size)) }
}

function parent(v: number): number {
  return v & (v - 1)
}

/** Parts of the subtree's members, one range each, so that no range is partly own and partly received. */
function subtreeParts(layout: VectorLayout, v: number): Range[] {
  const { from, end } = treeSubtree(v, layout.size)
  const parts: Range[] = []
  for (let place = from; place < end; place++) parts.push(partOf(layout, memberAt(layout, place)))
  return parts
}

export function treeReduce(layout: VectorLayout, member: number): Step[] {
  const v = fromRoot(layout, member)
  const whole = { offset: 0, length: layout.elements }
  return [
    ...treeChildren(v, layout.size).flatMap((child) => recvSteps(memberAt(layout, child), whole, 'combine')),
    ...(v > 0 ? sendSteps(memberAt(layout, parent(v)), whole) : []),
  ]
}

export function treeBroadcast(layout: VectorLayout, member: number): Step[] {
  const v = fromRoot(layout, member)
  const whole = { offset: 0, length: layout.elements }
  return [
    ...(v > 0 ? recvSteps(memberAt(layout, parent(v)), whole, 'copy') : []),
    ...treeChildren(v, layout.size)
      .reverse()
      .flatMap((child) => sendSteps(memberAt(layout, child), whole)),
  ]
}

export function treeGather(layout: VectorLayout, member: number): Step[] {
  const v = fromRoot(layout, member)
  return [
    ...treeChildren(v, layout.size).flatMap((child) =>
      subtreeParts(layout, child).flatMap((part) => recvSteps(memberAt(layout, child), part, 'copy')),
    ),
    ...(v > 0 ? subtreeParts(layout, v).flatMap((part) => sendSteps(memberAt(layout, parent(v)), part)) : []),
  ]
}

export function treeScatter(layout: VectorLayout, member: number): Step[] {
  const v = fromRoot(layout, member)
  return [
    ...(v > 0 ? subtreeParts(layout, v).flatMap((part) => recvSteps(memberAt(layout, parent(v)), part, 'copy')) : []),
    ...treeChildren(v, layout.size)
      .reverse()
      .flatMap((child) => subtreeParts(layout, child).flatMap((part) => sendSteps(memberAt(layout, child), part))),
  ]
}

/** Parts of the members outside v's subtree: what v still lacks after the gather. */
function missingParts(layout: VectorLayout, v: number): Range[] {
  const { from, end } = treeSubtree(v, layout.size)
  const parts: Range[] = []
  for (let place = 0; place < layout.size; place++) {
    if (place < from || place >= end) parts.push(partOf(layout, memberAt(layout, place)))
  }
  return parts
}

/** Gather to the root, then each member passes its children their missing parts. */
export function treeAllGather(layout: VectorLayout, member: number): Step[] {
  const v = fromRoot(layout, member)
  return [
    ...treeGather(layout, member),
    ...(v > 0 ? missingParts(layout, v).flatMap((part) => recvSteps(memberAt(layout, parent(v)), part, 'copy')) : []),
    ...treeChildren(v, layout.size)
      .reverse()
      .flatMap((child) => missingParts(layout, child).flatMap((part) => sendSteps(memberAt(layout, child), part))),
  ]
}
