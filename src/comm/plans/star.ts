import { partOf, recv, send, type Layout, type Step } from '../steps.ts'

/** Star collectives: everything goes through the root, which sums in the order of the members. */

function others(layout: Layout): number[] {
  return Array.from({ length: layout.size }, (_, i) => i).filter((i) => i !== layout.root)
}

export function starReduce(layout: Layout, member: number): Step[] {
  const whole = { offset: 0, length: layout.elements }
  if (member !== layout.root) return send(layout.root, whole)
  return others(layout).flatMap((peer) => recv(peer, whole, 'combine'))
}

export function starBroadcast(layout: Layout, member: number): Step[] {
  const whole = { offset: 0, length: layout.elements }
  if (member !== layout.root) return recv(layout.root, whole, 'copy')
  return others(layout).flatMap((peer) => send(peer, whole))
}

export function starGather(layout: Layout, member: number): Step[] {
  if (member !== layout.root) return send(layout.root, partOf(layout, member))
  return others(layout).flatMap((peer) => recv(peer, partOf(layout, peer), 'copy'))
}

export function starScatter(layout: Layout, member: number): Step[] {
  if (member !== layout.root) return recv(layout.root, partOf(layout, member), 'copy')
  return others(layout).flatMap((peer) => send(peer, partOf(layout, peer)))
}

/** Gather, then the root sends every member the parts it does not have. */
export function starAllGather(layout: Layout, member: number): Step[] {
  const pairs = others(layout).flatMap((peer) =>
    layout.parts.flatMap((part, owner) => (owner === peer ? [] : [{ peer, part }])),
  )
  const spread =
    member === layout.root
      ? pairs.flatMap(({ peer, part }) => send(peer, part))
      : pairs.flatMap(({ peer, part }) => (peer === member ? recv(layout.root, part, 'copy') : []))
  return [...starGather(layout, member), ...spread]
}
