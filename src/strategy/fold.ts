import { coordinatesAt } from '../core/mesh.ts'
import type { RunConfig } from '../config/types.ts'
import type { Action } from '../schedule/actions.ts'
import { templatesOf, type FoldedRank } from '../schedule/folded.ts'
import type { Order } from '../schedule/orders/shape.ts'
import type { RankProgram } from '../schedule/program.ts'
import { actionsOf } from '../schedule/registry.ts'
import { ProgramBuilder } from './build.ts'

/*
 * Folding in time. A rank's pipeline order repeats a few kinds of actions: a forward or backward of one stage on a
 * micro-batch of one size, at the beginning, in the middle or at the end. An action's ops depend on nothing else, so
 * each kind is lowered once, from a short order that contains every kind, by the same passes that lower what executes.
 * `unfold` restores the whole rank, op for op (test/unit/strategy/fold.test.ts).
 */

/** Short order of a rank, and the position in it of the action that represents each kind. */
interface Excerpt {
  readonly actions: readonly Action[]
  readonly standIn: ReadonlyMap<string, number>
}

/** Whether an action's ops depend on nothing but its kind and its neighbours. */
function foldsInTime({ parallel }: RunConfig): boolean {
  // Asynchronous server: a turn is lowered whole. DataParallel: inputs are dealt micro-batch by micro-batch. Without
  // resharding a unit stays gathered between forward and backward, so the whole order decides when it is gathered.
  if (parallel.server.async || (parallel.dataMode === 'data-parallel' && parallel.data > 1)) return false
  return parallel.zero < 3 || parallel.fsdp.reshardAfterForward
}

/**
 * What distinguishes an action from others of its stage and kind: the size of its micro-batch; whether it writes
 * gradients for the first or last time; under ZeRO-3 the actions around it, since parameters are gathered ahead.
 */
function kindsOf(actions: readonly Action[], sizes: readonly number[], config: RunConfig): string[] {
  const isBackward = ({ kind }: Action) => kind !== 'F'
  // Chunk: the position of the stage among those of its rank.
  const kindAndChunk = ({ kind, stage }: Action) => `${kind}${Math.floor(stage / config.parallel.pipeline)}`
  const remaining = new Map<string, number>()
  for (const action of actions) remaining.set(kindAndChunk(action), (remaining.get(kindAndChunk(action)) ?? 0) + 1)
  const total = new Map(remaining)
  const backwardsDone = new Map<number, string[]>()
  const gathers = config.parallel.zero === 3
  const relation = (action: Action | undefined, to: Action) =>
    action ? `${kindAndChunk(action)}${sizes[action.microbatch]}${action.microbatch === to.microbatch ? '=' : ''}` : '.'
  return actions.map((action, i) => {
    const { microbatch } = action
    const key = [kindAndChunk(action), sizes[microbatch]]
    if (isBackward(action)) {
      for (const [each, count] of remaining)
        if (!each.startsWith('F')) key.push(count === total.get(each) ? 'new' : count === 0 ? 'done' : '')
      key.push(remaining.get(kindAndChunk(action)) === 1 ? 'last' : '')
      // The order in which one micro-batch's backwards visit this rank's stages.
      const done = backwardsDone.get(microbatch) ?? []
      key.push(done.join(' '))
      backwardsDone.set(microbatch, [...done, kindAndChunk(action)])
    }
    remaining.set(kindAndChunk(action), remaining.get(kindAndChunk(action))! - 1)
    if (gathers) {
      // A unit is gathered while the one before it computes: up to two actions ahead.
      const [next, second] = nextReaders(actions, i)
      const before = actions[previousReader(actions, i)]
      key.push(
        relation(before, action),
        relation(next, action),
        relation(second, action),
        relation(actions[i + 1], action),
      )
      if (next && second) key.push(next.microbatch === second.microbatch ? '=' : '')
    }
    key.push(i === 0 ? 'first' : '', i === actions.length - 1 ? 'end' : '')
    return key.join('|')
  })
}

/** The next two actions that read parameters: weight gradients read none. */
function nextReaders(actions: readonly Action[], at: number): Action[] {
  const found: Action[] = []
  for (let i = at + 1; i < actions.length && found.length < 2; i++)
    if (actions[i]!.kind !== 'W') found.push(actions[i]!)
  return found
}

/** Position of the action before one that reads parameters; −1 where there is none. */
function previousReader(actions: readonly Action[], at: number): number {
  let from = at - 1
  while (from >= 0 && actions[from]!.kind === 'W') from--
  return from
}

/** Range of actions around one whose gathers affect its ops. */
function windowOf(actions: readonly Action[], at: number, gathers: boolean): readonly [number, number] {
  if (!gathers) return [at, at]
  const [next, second] = nextReaders(actions, at)
  const last = second ?? next
  return [Math.max(0, previousReader(actions, at)), last ? actions.indexOf(last, at) : actions.length - 1]
}

/**
 * The first action of every kind with its neighbours, plus the earlier actions of their micro-batches; all actions of a
 * micro-batch where one is a backward, so that no gradient is left half written. The order is kept, so neighbours of
 * the chosen actions stay neighbours.
 */
function excerptOf(actions: readonly Action[], kinds: readonly string[], config: RunConfig): Excerpt {
  const firstOf = new Map<string, number>()
  for (const [i, kind] of kinds.entries()) if (!firstOf.has(kind)) firstOf.set(kind, i)
  const gathers = config.parallel.zero === 3
  const chosen = new Set<number>()
  for (const at of firstOf.values()) {
    const [from, to] = windowOf(actions, at, gathers)
    for (let i = from; i <= to; i++) chosen.add(i)
  }
  /** By micro-batch: the last chosen action; Infinity where one is a backward. */
  const lastNeeded = new Map<number, number>()
  for (const i of chosen) {
    const { kind, microbatch } = actions[i]!
    lastNeeded.set(microbatch, Math.max(lastNeeded.get(microbatch) ?? 0, kind === 'F' ? i : Infinity))
  }
  const short = actions.flatMap(({ microbatch }, i) =>
    i <= (lastNeeded.get(microbatch) ?? -1) || chosen.has(i) ? [i] : [],
  )
  const positionOf = new Map(short.map((i, position) => [i, position]))
  return {
    actions: short.map((i) => actions[i]!),
    standIn: new Map([...firstOf].map(([kind, i]) => [kind, positionOf.get(i)!])),
  }
}

/** Order and kinds of a pipeline rank, known before anything is lowered. */
interface RankOrder {
  readonly actions: readonly Action[]
  readonly kinds: readonly string[]
  excerpt: Excerpt | null
}

/** A lowered rank, and the template of each kind. */
interface LoweredRank {
  readonly folded: FoldedRank
  readonly templateOf: ReadonlyMap<string, number>
}

/** A configuration's ranks, folded in time; each is lowered on demand. Throws RefusedError like `buildProgram`. */
export class ProgramFold {
  readonly builder: ProgramBuilder
  private readonly orders: Order
  private readonly rankOrders = new Map<string, RankOrder>()
  /** By shape: ranks of the same shape differ only in the numbers of their stages and neighbours. */
  private readonly lowered = new Map<string, LoweredRank>()
  private readonly folds: boolean

  constructor(readonly config: RunConfig) {
    this.folds = foldsInTime(config)
    const { actions, stageToRank } = actionsOf(config)
    this.orders = actions
    this.builder = new ProgramBuilder(config, {
      actionsOf: ({ data, pipeline }) => this.excerptOf(data, pipeline).actions,
      stageToRank,
    })
  }

  /** Shared by replicas with micro-batches of the same sizes. */
  private orderOf(data: number, pipeline: number): RankOrder {
    const sizes = this.builder.samplesOf(data).map((samples) => samples.length)
    const key = `${pipeline} ${sizes.join(' ')}`
    let rankOrder = this.rankOrders.get(key)
    if (rankOrder === undefined) {
      const actions = this.orders[pipeline]!
      rankOrder = { actions, kinds: kindsOf(actions, sizes, this.config), excerpt: null }
      this.rankOrders.set(key, rankOrder)
    }
    return rankOrder
  }

  private excerptOf(data: number, pipeline: number): Excerpt {
    const rankOrder = this.orderOf(data, pipeline)
    const { actions, kinds } = rankOrder
    rankOrder.excerpt ??= this.folds ? excerptOf(actions, kinds, this.config) : { actions, standIn: new Map() }
    return rankOrder.excerpt
  }

  /** One rank, with its own stages, groups and peers. */
  rank(number: number): FoldedRank {
    return this.lower(number).folded
  }

  /** One rank, possibly as lowered for an equal rank elsewhere in the pipeline: `folded.rank.rank` says which. */
  shared(number: number): FoldedRank {
    if (!this.folds || number >= this.builder.world.length) return this.rank(number)
    const { data, pipeline, tensor } = coordinatesAt(this.config.parallel, number)
    const { kinds } = this.orderOf(data, pipeline)
    const key = `${data} ${tensor} ${this.shapeOf(pipeline)}`
    const known = this.lowered.get(key)
    if (known && kinds.every((kind) => known.templateOf.has(kind)))
      return {
        ...known.folded,
        order: Int32Array.from(kinds, (kind) => known.templateOf.get(kind)!),
        microbatches: Int32Array.from(this.orders[pipeline]!, ({ microbatch }) => microbatch),
      }
    const lowered = this.lower(number)
    if (!known) this.lowered.set(key, lowered)
    return lowered.folded
  }

  /** What determines the lowered actions of a pipeline rank: its blocks, and whether it is the first or last rank. */
  private shapeOf(pipeline: number): string {
    const { layout, orders } = this.builder
    const own = layout.stages.filter(({ index }) => orders.stageToRank[index] === pipeline)
    const ends = [pipeline === 0, pipeline === this.config.parallel.pipeline - 1]
    return `${ends.join(' ')} ${own.map(({ first, end, embedding, head }) => [end - first, embedding, head].join()).join(' ')}`
  }

  private lower(number: number): LoweredRank {
    const rank = this.builder.rank(number)
    if (!this.folds || rank.device === 'cpu') return { folded: withoutTemplates(rank), templateOf: new Map() }
    const { data, pipeline } = rank.coordinates
    const { actions, standIn } = this.excerptOf(data, pipeline)
    const { kinds } = this.orderOf(data, pipeline)
    const templateOf = new Map([...standIn.keys()].map((kind, template) => [kind, template]))
    const folded = {
      rank,
      ...templatesOf(rank, actions, [...standIn.values()]),
      order: Int32Array.from(kinds, (kind) => templateOf.get(kind)!),
      microbatches: Int32Array.from(this.orders[pipeline]!, ({ microbatch }) => microbatch),
    }
    return { folded, templateOf }
  }
}

/** A rank kept whole: all ops in the head. */
function withoutTemplates(rank: RankProgram): FoldedRank {
  return { rank, ...templatesOf(rank, [], []), order: new Int32Array(0), microbatches: new Int32Array(0) }
}
