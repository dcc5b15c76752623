/** A pair of tokens as one number, and its count when it was inserted. */
export interface CountedPair {
  readonly pair: number
  readonly count: number
}

/** More frequent first, then the smaller pair: merges do not depend on the order of a text. */
function before(a: CountedPair, b: CountedPair): boolean {
  return a.count > b.count || (a.count === b.count && a.pair < b.pair)
}

/** A binary heap of pairs, most frequent first. Counts may be stale: the caller has the true ones. */
export class PairHeap {
  private readonly entries: CountedPair[] = []

  push(entry: CountedPair): void {
    const { entries } = this
    let at = entries.length
    entries.push(entry)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(entry, entries[parent]!)) break
      entries[at] = entries[parent]!
      at = parent
    }
    entries[at] = entry
  }

  pop(): CountedPair | undefined {
    const { entries } = this
    const top = entries[0]
    const last = entries.pop()
    if (top === undefined || last === undefined || entries.length === 0) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= entries.length) break
      if (child + 1 < entries.length && before(entries[child + 1]!, entries[child]!)) child++
      if (!before(entries[child]!, last)) break
      entries[at] = entries[child]!
      at = child
    }
    entries[at] = last
    return top
  }
}
