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

/** Short order of a rank, and which of its actions stands for each action of the whole order. */
interface Excerpt {
  readonly actions: readonly Action[]
  readonly standIn: Int32Array
}

/** Whether an action's ops depend on nothing but its kind and its neighbours. */
export function foldsInTime({ parallel }: RunConfig): boolean {
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
  const slot = ({ kind, stage }: Action) => `${kind}${stage}`
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
      // Weight gradients read no parameters: what is gathered ahead is for the next action that does.
      const next = actions.slice(i + 1, i + 8).find(({ kind }) => kind !== 'W')
      const before = actions.slice(Math.max(0, i - 8), i).findLast(({ kind }) => kind !== 'W')
      key.push(relation(before, action), relation(next, action), relation(actions[i + 1], action))
    }
    key.push(i === 0 ? 'first' : '', i === actions.length - 1 ? 'end' : '')
    return key.join('|')
  })
}

/** Actions around one whose gathers have to do with it: up to the nearest that reads parameters, on both sides. */
function windowOf(actions: readonly Action[], at: number, gathers: boolean): readonly [number, number] {
  if (!gathers) return [at, at]
  let from = at - 1
  while (from > 0 && actions[from]!.kind === 'W') from--
  let to = at + 1
  while (to < actions.length - 1 && actions[to]!.kind === 'W') to++
  return [Math.max(0, from), Math.min(actions.length - 1, to)]
}

/** The first action of every kind with its neighbours, and ahead of them the forwards that their backwards need. */
function excerptOf(actions: readonly Action[], sizes: readonly number[], config: RunConfig): Excerpt {
  const kinds = kindsOf(actions, sizes, config)
  const firstOf = new Map<string, number>()
  for (const [i, kind] of kinds.entries()) if (!firstOf.has(kind)) firstOf.set(kind, i)
  const gathers = config.parallel.zero === 3
  const chosen = new Set<number>()
  for (const at of firstOf.values()) {
    const [from, to] = windowOf(actions, at, gathers)
    for (let i = from; i <= to; i++) chosen.add(i)
  }
  const kept = [...chosen].sort((a, b) => a - b)
  const forwardsOf = new Map<number, number[]>()
  for (const [i, { kind, microbatch }] of actions.entries())
    if (kind === 'F') forwardsOf.set(microbatch, [...(forwardsOf.get(microbatch) ?? []), i])

  const short: number[] = []
  const has = new Set<number>()
  const add = (i: number) => {
    has.add(i)
    short.push(i)
  }
  for (let k = 0; k < kept.length;) {
    let end = k + 1
    while (end < kept.length && kept[end] === kept[end - 1]! + 1) end++
    // Between two stretches nothing is adjacent that matters: here go the forwards that are missing.
    const stretch = kept.slice(k, end)
    for (const i of stretch)
      if (actions[i]!.kind !== 'F')
        for (const needed of forwardsOf.get(actions[i]!.microbatch) ?? [])
          if (needed < i && !has.has(needed) && !stretch.includes(needed)) add(needed)
    for (const i of stretch) add(i)
    k = end
  }
  const positionOf = new Map(short.map((i, position) => [i, position]))
  return {
    actions: short.map((i) => actions[i]!),
    standIn: Int32Array.from(kinds, (kind) => positionOf.get(firstOf.get(kind)!)!),
  }
}

/** A configuration's ranks, folded in time; each is lowered when it is asked for. Throws RefusedError as `buildProgram`. */
export class ProgramFold {
  readonly builder: ProgramBuilder
  private readonly excerpts = new Map<string, Excerpt>()
  private readonly folds: boolean

  constructor(readonly config: RunConfig) {
    this.folds = foldsInTime(config)
    const { actions, stageToRank } = actionsOf(config)
    this.orders = actions
    this.builder = new ProgramBuilder(config, {
      actionsOf: ({ data, pipeline }) => this.excerpt(data, pipeline).actions,
      stageToRank,
    })
  }

  private readonly orders: Order

  /** Short order of a replica's pipeline rank; replicas with micro-batches of the same sizes share it. */
  private excerpt(data: number, pipeline: number): Excerpt {
    const actions = this.orders[pipeline]!
    const sizes = this.builder.samplesOf(data).map((samples) => samples.length)
    const key = `${pipeline} ${sizes.join(' ')}`
    let excerpt = this.excerpts.get(key)
    if (excerpt === undefined) {
      excerpt = this.folds
        ? excerptOf(actions, sizes, this.config)
        : { actions, standIn: Int32Array.from(actions, (_, i) => i) }
      this.excerpts.set(key, excerpt)
    }
    return excerpt
  }

  rank(number: number): FoldedRank {
    const rank = this.builder.rank(number)
    if (rank.device === 'cpu') return whole(rank)
    const { data, pipeline } = rank.coordinates
    const { actions, standIn } = this.excerpt(data, pipeline)
    const stands = [...new Set(standIn)]
    const templateOf = new Map(stands.map((position, template) => [position, template]))
    return {
      rank,
      ...templatesOf(rank, actions, stands),
      order: standIn.map((position) => templateOf.get(position)!),
      microbatches: Int32Array.from(this.orders[pipeline]!, ({ microbatch }) => microbatch),
    }
  }
}

/** A rank with nothing to repeat. */
function whole(rank: RankProgram): FoldedRank {
  return { rank, head: rank.step, tail: [], templates: [], order: new Int32Array(0), microbatches: new Int32Array(0) }
}
