import { partOf, recvSteps, sendSteps, type VectorLayout, type Step } from '../steps.ts'

/** Star collectives: everything goes through the root, which sums in member order. */

function others(layout: VectorLayout): number[] {
  return Array.from({ length: layout.size }, (_, i) => i).filter((i) => i !== layout.root)
}

export function starReduce(layout: VectorLayout, member: number): Step[] {
  const whole = { offset: 0, length: layout.elements }
  if (member !== layout.root) return sendSteps(layout.root, whole)
  return others(layout).flatMap((peer) => recvSteps(peer, whole, 'combine'))
}

export function starBroadcast(layout: VectorLayout, member: number): Step[] {
  const whole = { offset: 0, length: layout.elements }
  if (member !== layout.root) return recvSteps(layout.root, whole, 'copy')
  return others(layout).flatMap((peer) => sendSteps(peer, whole))
}

export function starGather(layout: VectorLayout, member: number): Step[] {
  if (member !== layout.root) return sendSteps(layout.root, partOf(layout, member))
  return others(layout).flatMap((peer) => recvSteps(peer, partOf(layout, peer), 'copy'))
}

export function starScatter(layout: VectorLayout, member: number): Step[] {
  if (member !== layout.root) return recvSteps(layout.root, partOf(layout, member), 'copy')
  return others(layout).flatMap((peer) => sendSteps(peer, partOf(layout, peer)))
}

/** Gather, then the root sends every member its missing parts. */
export function starAllGather(layout: VectorLayout, member: number): Step[] {
  const pairs = others(layout).flatMap((peer) =>
    layout.parts.flatMap((part, owner) => (owner === peer ? [] : [{ peer, part }])),
  )
  const spread =
    member === layout.root
      ? pairs.flatMap(({ peer, part }) => sendSteps(peer, part))
      : pairs.flatMap(({ peer, part }) => (peer === member ? recvSteps(layout.root, part, 'copy') : []))
  return [...starGather(layout, member), ...spread]
}
