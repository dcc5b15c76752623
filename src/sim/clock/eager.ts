import { OP_KINDS, isCollective } from '../../schedule/op-kinds.ts'
import type { Op } from '../../schedule/program.ts'

/**
 * Member index of the root where a collective consists of messages to or from it; null where all members synchronize.
 */
export function eagerRoot(op: Op): number | null {
  if (!isCollective(op) || op.root === undefined) return null
  const { root, source, target } = OP_KINDS[op.kind].sides
  if (root === null) return null
  // A part goes straight between its member and the root, whatever the algorithm.
  const isDirect = op.algorithm === 'star' || source === 'part' || target === 'part'
  return isDirect ? op.group.indexOf(op.root) : null
}

interface Member {
  readonly ready: number
  /** Of the whole collective, as estimated for this member. */
  readonly seconds: number
}

interface MemberSpan {
  readonly start: number
  readonly end: number
  /** The member whose message it waited for; its own index where it did not wait. */
  readonly after: number
}

/**
 * Messages to a root leave as soon as their sender is ready and share the root's link one at a time; messages from a
 * root leave one at a time once it is ready. Only the receiver of a message waits for it.
 *
 * @param linkFree when the root's link has received all earlier messages
 */
export function eagerSpans(op: Op, members: readonly Member[], root: number, linkFree: number): MemberSpan[] {
  const seconds = members.reduce((most, each) => Math.max(most, each.seconds), 0)
  const piece = members.length > 1 ? seconds / (members.length - 1) : 0
  const { ready: rootReady } = members[root]!
  const spans = members.map(({ ready }, i): MemberSpan => ({ start: ready, end: ready + piece, after: i }))
  const others = members.map((_, i) => i).filter((i) => i !== root)
  if (OP_KINDS[op.kind].sides?.root === 'gives') {
    spans[root] = { start: rootReady, end: rootReady + seconds, after: root }
    others.forEach((i, k) => {
      const { ready } = members[i]!
      const arrival = rootReady + (k + 1) * piece
      spans[i] = {
        start: Math.max(ready, arrival - piece),
        end: Math.max(ready, arrival),
        after: arrival > ready ? root : i,
      }
    })
    return spans
  }
  let free = linkFree
  let last = root
  for (const i of others.sort((a, b) => members[a]!.ready - members[b]!.ready || a - b)) {
    free = Math.max(free, members[i]!.ready) + piece
    if (free > rootReady) last = i
  }
  const end = Math.max(rootReady, free)
  spans[root] = { start: Math.max(rootReady, end - seconds), end, after: last }
  return spans
}
