import type { Action } from '../actions.ts'
import type { Order, StageCosts } from './shape.ts'
import { F, I, W, upTo } from './shape.ts'

/** Forward and input-gradient of the downward chunk (a) and the upward chunk (b). */
export type ChunkPass = 'Fa' | 'Fb' | 'Ia' | 'Ib'
export type Priority = readonly [ChunkPass, ChunkPass, ChunkPass, ChunkPass]

export interface GreedyRule {
  /** Preference of a free rank among ready passes; a pending weight-gradient runs when none is ready. */
  readonly priority: Priority
  /** Most downward-chunk activations a rank may hold. */
  readonly cap: (rank: number) => number
}

export interface GreedyResult {
  readonly order: Order
  readonly makespan: number
  /** Longest time from a rank's first start to its last end. */
  readonly span: number
  /** Most (micro-batch, chunk) activations any rank holds. */
  readonly peak: number
}

interface RankState {
  readonly next: Record<ChunkPass, number>
  /** Weight-gradients in order; those before `done` are finished. */
  readonly pending: Action[]
  readonly actions: Action[]
  free: number
  started: number
  live: number
  liveDown: number
  done: number
}

/** A time per rank and the rank of the earliest (lowest on ties), as a tree of minima. */
class Earliest {
  private readonly width: number
  private readonly tree: Float64Array

  constructor(count: number) {
    this.width = 2 ** Math.ceil(Math.log2(count))
    this.tree = new Float64Array(2 * this.width).fill(Infinity)
  }

  of(rank: number): number {
    return this.tree[this.width + rank]!
  }

  set(rank: number, time: number): void {
    let at = this.width + rank
    this.tree[at] = time
    for (at >>= 1; at > 0; at >>= 1) this.tree[at] = Math.min(this.tree[2 * at]!, this.tree[2 * at + 1]!)
  }

  first(): number {
    let at = 1
    while (at < this.width) at = this.tree[2 * at]! <= this.tree[2 * at + 1]! ? 2 * at : 2 * at + 1
    return at - this.width
  }
}

/**
 * A list scheduler for two chunks in a V on p ranks: the rank that can start first takes its preferred pass. A rank
 * holds at most 2p activations, one of them reserved for the upward chunk to avoid deadlock. Null when the rule reaches
 * a dead end.
 */
export function greedyV(p: number, m: number, costs: StageCosts, rule: GreedyRule): GreedyResult | null {
  const last = 2 * p - 1
  const limit = 2 * p
  const never = Infinity
  const forwardEnd = upTo(2 * p).map(() => new Float64Array(m).fill(never))
  const inputEnd = upTo(2 * p).map(() => new Float64Array(m).fill(never))
  const ranks: RankState[] = upTo(p).map(() => ({
    next: { Fa: 0, Fb: 0, Ia: 0, Ib: 0 },
    pending: [],
    actions: [],
    free: 0,
    started: never,
    live: 0,
    liveDown: 0,
    done: 0,
  }))
  /** Stages p − 1 and p share a rank: nothing to send. */
  const hop = (lower: number) => (lower === p - 1 ? 0 : costs.comm)

  const forwardReady = (stage: number, k: number) => (stage === 0 ? 0 : forwardEnd[stage - 1]![k]! + hop(stage - 1))
  const inputReady = (stage: number, k: number) => {
    const own = forwardEnd[stage]![k]!
    return stage === last ? own : Math.max(own, inputEnd[stage + 1]![k]! + hop(stage))
  }
  const ready = (state: RankState, rank: number, candidate: ChunkPass): number => {
    const k = state.next[candidate]
    if (k >= m) return never
    if (candidate === 'Fa')
      return state.live + 2 > limit || state.liveDown >= rule.cap(rank) ? never : forwardReady(rank, k)
    if (candidate === 'Fb') return state.live + 1 > limit ? never : forwardReady(last - rank, k)
    return inputReady(candidate === 'Ia' ? rank : last - rank, k)
  }

  /** When each rank could start something next; an action affects its own rank and its neighbours. */
  const starts = new Earliest(p)
  const startReady = (r: number): void => {
    const state = ranks[r]
    if (state === undefined) return
    let earliest = state.pending.length > state.done ? 0 : never
    for (const candidate of rule.priority) earliest = Math.min(earliest, ready(state, r, candidate))
    starts.set(r, Math.max(state.free, earliest))
  }
  for (let r = 0; r < p; r++) startReady(r)

  let peak = 0
  for (let left = 6 * p * m; left > 0; left--) {
    const rank = starts.first()
    const at = starts.of(rank)
    if (at === never) return null
    const state = ranks[rank]!
    const choice = rule.priority.find((candidate) => ready(state, rank, candidate) <= at)
    if (choice === undefined) {
      const action = state.pending[state.done++]!
      state.actions.push(action)
      state.free = at + costs.W
      state.live--
      if (action.stage === rank) state.liveDown--
      startReady(rank)
      continue
    }
    const k = state.next[choice]++
    const down = choice === 'Fa' || choice === 'Ia'
    const stage = down ? rank : last - rank
    if (choice === 'Fa' || choice === 'Fb') {
      state.actions.push(F(stage, k))
      state.free = forwardEnd[stage]![k] = at + costs.F
      state.live++
      if (down) state.liveDown++
      peak = Math.max(peak, state.live)
    } else {
      state.actions.push(I(stage, k))
      state.pending.push(W(stage, k))
      state.free = inputEnd[stage]![k] = at + costs.I
    }
    state.started = Math.min(state.started, at)
    for (let r = rank - 1; r <= rank + 1; r++) startReady(r)
  }
  return {
    order: ranks.map((state) => state.actions),
    makespan: Math.max(...ranks.map((state) => state.free)),
    span: Math.max(...ranks.map((state) => state.free - state.started)),
    peak,
  }
}
