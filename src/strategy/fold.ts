import { coordinatesAt } from '../core/mesh.ts'
import type { RunConfig } from '../config/types.ts'
import type { Action } from '../schedule/actions.ts'
import { templatesOf, type FoldedRank } from '../schedule/folded.ts'
import type { Order } from '../schedule/orders/shape.ts'
import type { RankProgram } from '../schedule/program.ts'
import { actionsOf } from '../schedule/registry.ts'
import { ProgramBuilder } from './build.ts'

/*
 * Folding in time. In a rank's pipeline order the same few kinds of actions come again and again: a forward or backward of
 * one stage on a micro-batch of one size, at the beginning, in the middle or at the end. What an action becomes depends on
 * nothing else, so each kind is lowered once, from a short order in which every kind occurs, by the very passes that lower
 * what executes. `unfold` puts the whole rank together again, op for op (test/unit/strategy/fold.test.ts).
 */

/** Short order of a rank, and which of its actions stands for each kind in the whole order. */
interface Excerpt {
  readonly actions: readonly Action[]
  readonly standIn: ReadonlyMap<string, number>
}

/** Whether an action's ops depend on nothing but its kind and its neighbours. */
function foldsInTime({ parallel }: RunConfig): boolean {
  // Turns of an asynchronous server are whole; a DataParallel step is dealt micro-batch by micro-batch; a unit that stays
  // gathered between forward and backward is brought at a moment that the whole order decides.
  if (parallel.server.async || (parallel.dataMode === 'data-parallel' && parallel.data > 1)) return false
  return parallel.zero < 3 || parallel.fsdp.reshardAfterForward
}

/**
 * What sets an action of a rank's order apart from others of its stage and kind: the size of its micro-batch; whether
 * gradients are written for the first or the last time; under ZeRO-3 the actions around it, since parameters are gathered
 * ahead.
 */
function kindsOf(actions: readonly Action[], sizes: readonly number[], config: RunConfig): string[] {
  const isBackward = ({ kind }: Action) => kind !== 'F'
  // Of the stages of its rank the first, the second …
  const slot = ({ kind, stage }: Action) => `${kind}${Math.floor(stage / config.parallel.pipeline)}`
  const left = new Map<string, number>()
  for (const action of actions) left.set(slot(action), (left.get(slot(action)) ?? 0) + 1)
  const total = new Map(left)
  const behind = new Map<number, string[]>()
  const gathers = config.parallel.zero === 3
  const relation = (action: Action | undefined, to: Action) =>
    action ? `${slot(action)}${sizes[action.microbatch]}${action.microbatch === to.microbatch ? '=' : ''}` : '.'
  return actions.map((action, i) => {
    const { microbatch } = action
    const key = [slot(action), sizes[microbatch]]
    if (isBackward(action)) {
      for (const [each, count] of left)
        if (!each.startsWith('F')) key.push(count === total.get(each) ? 'new' : count === 0 ? 'done' : '')
      key.push(left.get(slot(action)) === 1 ? 'last' : '')
      // In which order the backwards of one micro-batch go through the stages of this rank.
      const done = behind.get(microbatch) ?? []
      key.push(done.join(' '))
      behind.set(microbatch, [...done, slot(action)])
    }
    left.set(slot(action), left.get(slot(action))! - 1)
    if (gathers) {
      // A unit is gathered while the one before it computes: up to two actions ahead.
      const [next, second] = ahead(actions, i)
      const before = actions[behindOf(actions, i)]
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
function ahead(actions: readonly Action[], at: number): Action[] {
  const found: Action[] = []
  for (let i = at + 1; i < actions.length && found.length < 2; i++)
    if (actions[i]!.kind !== 'W') found.push(actions[i]!)
  return found
}

/** Position of the action before one that reads parameters; −1 where there is none. */
function behindOf(actions: readonly Action[], at: number): number {
  let from = at - 1
  while (from >= 0 && actions[from]!.kind === 'W') from--
  return from
}

/** Actions around one whose gathers have to do with it. */
function windowOf(actions: readonly Action[], at: number, gathers: boolean): readonly [number, number] {
  if (!gathers) return [at, at]
  const [next, second] = ahead(actions, at)
  const last = second ?? next
  return [Math.max(0, behindOf(actions, at)), last ? actions.indexOf(last, at) : actions.length - 1]
}

/**
 * The first action of every kind with its neighbours, and what else their micro-batches go through: all of it where there is
 * a backward, so that no gradient is left half written. Everything keeps its place in the order, so that whatever stood
 * next to an action of the kinds still does.
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
  /** By micro-batch, the last of its actions that is chosen; all of them where one is a backward. */
  const until = new Map<number, number>()
  for (const i of chosen) {
    const { kind, microbatch } = actions[i]!
    until.set(microbatch, Math.max(until.get(microbatch) ?? 0, kind === 'F' ? i : Infinity))
  }
  const short = actions.flatMap(({ microbatch }, i) => (i <= (until.get(microbatch) ?? -1) || chosen.has(i) ? [i] : []))
  const positionOf = new Map(short.map((i, position) => [i, position]))
  return {
    actions: short.map((i) => actions[i]!),
    standIn: new Map([...firstOf].map(([kind, i]) => [kind, positionOf.get(i)!])),
  }
}

/** What of a replica's pipeline rank is known before anything is lowered. */
interface Ordered {
  readonly actions: readonly Action[]
  readonly kinds: readonly string[]
  excerpt: Excerpt | null
}

/** A rank that was lowered, and the template of each kind. */
interface Lowered {
  readonly folded: FoldedRank
  readonly templateOf: ReadonlyMap<string, number>
}

/** A configuration's ranks, folded in time; each is lowered when it is asked for. Throws RefusedError as `buildProgram`. */
export class ProgramFold {
  readonly builder: ProgramBuilder
  private readonly orders: Order
  private readonly ordered = new Map<string, Ordered>()
  /** By shape: ranks of the same shape differ only in the numbers of their stages and neighbours. */
  private readonly lowered = new Map<string, Lowered>()
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

  /** Replicas with micro-batches of the same sizes share it. */
  private orderedOf(data: number, pipeline: number): Ordered {
    const sizes = this.builder.samplesOf(data).map((samples) => samples.length)
    const key = `${pipeline} ${sizes.join(' ')}`
    let ordered = this.ordered.get(key)
    if (ordered === undefined) {
      const actions = this.orders[pipeline]!
      ordered = { actions, kinds: kindsOf(actions, sizes, this.config), excerpt: null }
      this.ordered.set(key, ordered)
    }
    return ordered
  }

  private excerptOf(data: number, pipeline: number): Excerpt {
    const ordered = this.orderedOf(data, pipeline)
    const { actions, kinds } = ordered
    ordered.excerpt ??= this.folds ? excerptOf(actions, kinds, this.config) : { actions, standIn: new Map() }
    return ordered.excerpt
  }

  /** One rank, in its own numbers. */
  rank(number: number): FoldedRank {
    return this.lower(number).folded
  }

  /** One rank, maybe in the numbers of another that does the same elsewhere in the pipeline (`folded.rank.rank`). */
  shared(number: number): FoldedRank {
    if (!this.folds || number >= this.builder.world.length) return this.rank(number)
    const { data, pipeline, tensor } = coordinatesAt(this.config.parallel, number)
    const { kinds } = this.orderedOf(data, pipeline)
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

  /** What sets the lowered actions of a pipeline rank apart: its blocks, and whether it stands at an end. */
  private shapeOf(pipeline: number): string {
    const { layout, orders } = this.builder
    const own = layout.stages.filter(({ index }) => orders.stageToRank[index] === pipeline)
    const ends = [pipeline === 0, pipeline === this.config.parallel.pipeline - 1]
    return `${ends.join(' ')} ${own.map(({ first, end, embedding, head }) => [end - first, embedding, head].join()).join(' ')}`
  }

  private lower(number: number): Lowered {
    const rank = this.builder.rank(number)
    if (!this.folds || rank.device === 'cpu') return { folded: whole(rank), templateOf: new Map() }
    const { data, pipeline } = rank.coordinates
    const { actions, standIn } = this.excerptOf(data, pipeline)
    const { kinds } = this.orderedOf(data, pipeline)
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

/** A rank that is not repeated from templates. */
function whole(rank: RankProgram): FoldedRank {
  return { rank, ...templatesOf(rank, [], []), order: new Int32Array(0), microbatches: new Int32Array(0) }
}
