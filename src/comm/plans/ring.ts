import { fromRoot, memberAt, partOf, recvSteps, sendSteps, type VectorLayout, type Step } from '../steps.ts'

/**
 * Ring collectives: every member talks to its two neighbours only (Patarasuk and Yuan, 2009). With the vector S cut in N
 * parts each half moves (N−1)/N · S per member, which is the least possible.
 *
 *   reduce-scatter, N = 4: the part that member i sends in round s is (i − 1 − s) mod 4; each arrives one further right,
 *   gathers a summand per hop and comes to rest, complete, at the member that owns it.
 *
 *   round   member 0   member 1   member 2   member 3
 *     0        3          0          1          2
 *     1        2          3          0          1
 *     2        1          2          3          0
 */
export function ringReduceScatter(layout: VectorLayout, member: number): Step[] {
  const next = (member + 1) % layout.size
  const previous = (member - 1 + layout.size) % layout.size
  const steps: Step[] = []
  for (let round = 0; round < layout.size - 1; round++) {
    steps.push(...sendSteps(next, partOf(layout, member - 1 - round)))
    steps.push(...recvSteps(previous, partOf(layout, member - 2 - round), 'combine'))
  }
  return steps
}

/** The same rotation with finished parts: member i starts with its own part and passes on what it received last. */
export function ringAllGather(layout: VectorLayout, member: number): Step[] {
  const next = (member + 1) % layout.size
  const previous = (member - 1 + layout.size) % layout.size
  const steps: Step[] = []
  for (let round = 0; round < layout.size - 1; round++) {
    steps.push(...sendSteps(next, partOf(layout, member - round)))
    steps.push(...recvSteps(previous, partOf(layout, member - 1 - round), 'copy'))
  }
  return steps
}

/** A chain away from the root; run in chunks it is a pipeline that keeps all links busy. */
export function ringBroadcast(layout: VectorLayout, member: number): Step[] {
  const v = fromRoot(layout, member)
  const whole = { offset: 0, length: layout.elements }
  return [
    ...(v > 0 ? recvSteps(memberAt(layout, v - 1), whole, 'copy') : []),
    ...(v < layout.size - 1 ? sendSteps(memberAt(layout, v + 1), whole) : []),
  ]
}

/** A chain that ends at the root: the member after the root starts, the root adds its own summand last. */
export function ringReduce(layout: VectorLayout, member: number): Step[] {
  const v = fromRoot(layout, member)
  const { size } = layout
  if (size === 1) return []
  const whole = { offset: 0, length: layout.elements }
  return [
    ...(v !== 1 ? recvSteps(memberAt(layout, (v - 1 + size) % size), whole, 'combine') : []),
    ...(v !== 0 ? sendSteps(memberAt(layout, (v + 1) % size), whole) : []),
  ]
}
