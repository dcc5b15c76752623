/** Indices of runnable ops, ordered by time, then index; last in, first out where the order does not matter. */
export class ReadyQueue {
  private readonly heap: number[] = []

  /** @param timeOf null where the order does not matter */
  constructor(private readonly timeOf: ((index: number) => number) | null) {}

  private before(a: number, b: number): boolean {
    const difference = this.timeOf!(a) - this.timeOf!(b)
    return difference < 0 || (difference === 0 && a < b)
  }

  push(index: number): void {
    const { heap } = this
    heap.push(index)
    if (this.timeOf === null) return
    for (let at = heap.length - 1; at > 0;) {
      const parent = (at - 1) >> 1
      if (!this.before(index, heap[parent]!)) break
      heap[at] = heap[parent]!
      heap[parent] = index
      at = parent
    }
  }

  /** −1 when empty. */
  pop(): number {
    const { heap } = this
    if (this.timeOf === null || heap.length <= 1) return heap.pop() ?? -1
    const first = heap[0]!
    const moved = heap.pop()!
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.before(heap[child + 1]!, heap[child]!)) child++
      if (!this.before(heap[child]!, moved)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = moved
    return first
  }
}
