import { invariant } from '../core/errors.ts'
import type { Action } from './actions.ts'
import type { BufferId } from './buffers.ts'
import { bufferName } from './buffers.ts'
import { withBuffers } from './op-buffers.ts'
import type { BufferSpec, Op, RankProgram } from './program.ts'

/**
 * A rank's step as the few kinds of actions it consists of. Each kind is a template: ops with the micro-batch left
 * open. The order lists the template and the micro-batch of every action. `unfold` returns the step that executes; the
 * replay (sim/replay) clocks it and tracks its memory without unfolding it.
 */
export interface FoldedRank {
  /**
   * Lowered from a short order that contains every kind of action; buffers, state, prologue and epilogue are the
   * rank's.
   */
  readonly rank: RankProgram
  /** Ops before the first action and after the last; their buffers keep the micro-batches they name. */
  readonly head: Stretch
  readonly tail: Stretch
  readonly templates: readonly Template[]
  /** By action of the rank's order: its template, and its micro-batch. */
  readonly order: Int32Array
  readonly microbatches: Int32Array
}

/** Consecutive ops of a rank: the head, a template or the tail. */
export interface Stretch {
  readonly ops: readonly Op[]
  /** By buffer name: where the buffer is found in a repetition. */
  readonly places: ReadonlyMap<string, BufferPlace>
  /** Number of visits of gathered units opened in it. */
  readonly opened: number
}

export interface Template extends Stretch {
  /**
   * Micro-batch it was lowered for, and those of the next two actions that read parameters, which are gathered ahead.
   */
  readonly microbatch: number
  readonly ahead: readonly number[]
  /** False for weight gradients, which read no parameters. */
  readonly readsParameters: boolean
}

/**
 * Which buffer a template's buffer maps to in a repetition: always the same; that of the repetition's micro-batch; that
 * of the nth visit opened in it; or that of an earlier visit, `back` visits of the same tensor ago.
 */
export type BufferPlace =
  | { readonly kind: 'same' }
  | { readonly kind: 'microbatch' }
  | { readonly kind: 'opened'; readonly nth: number }
  | { readonly kind: 'earlier'; readonly tensor: string; readonly back: number }

/** Buffers of an op, each once, writes first: the order in which the memory plan allocates them. */
export function buffersOfOp(op: Op): Set<string> {
  return new Set([...op.writes, ...op.reads])
}

/**
 * Cuts a short order's step into templates; without actions everything is the head.
 *
 * @param actions the short order
 * @param sources by template: the position in the short order of the action it is made from
 */
export function templatesOf(
  rank: RankProgram,
  actions: readonly Action[],
  sources: readonly number[],
): Pick<FoldedRank, 'head' | 'tail' | 'templates'> {
  const { step, buffers } = rank
  const begins = actions.map(() => -1)
  let end = 0
  for (const [i, { action }] of step.entries()) {
    if (action === undefined || actions.length === 0) continue
    if (begins[action] === -1) begins[action] = i
    end = i + 1
  }
  // An empty stage between two others on its rank has no ops.
  for (let i = begins.length - 1; i >= 0; i--) if (begins[i] === -1) begins[i] = begins[i + 1] ?? end
  invariant(
    begins.every((begin, i) => i === 0 || begin >= begins[i - 1]!),
    `rank ${rank.rank}: the ops of an action do not stand together`,
  )
  /** By tensor: its visits opened so far. */
  const visits = new Map<string, number[]>()
  const templateAt = new Map(sources.map((position, template) => [position, template]))
  const templates: Template[] = []
  const stretch = (ops: readonly Op[]): Stretch => {
    const before = new Map([...visits].map(([tensor, list]) => [tensor, list.length]))
    const opened: number[] = []
    const places = new Map<string, BufferPlace>()
    for (const op of ops)
      for (const name of buffersOfOp(op)) {
        if (places.has(name)) continue
        const spec = buffers.get(name)
        invariant(spec, `rank ${rank.rank}: no buffer ${name}`)
        places.set(name, placeOf(spec, visits, before, opened))
      }
    return { ops, places, opened: opened.length }
  }
  const head = stretch(step.slice(0, begins[0]))
  if (actions.length === 0) return { head, tail: stretch([]), templates: [] }
  for (const [i, { kind, microbatch }] of actions.entries()) {
    const ops = step.slice(begins[i], i + 1 < begins.length ? begins[i + 1] : end)
    const own = stretch(ops)
    const template = templateAt.get(i)
    if (template === undefined) continue
    const next = actions.slice(i + 1).filter(({ kind: each }) => each !== 'W')
    const ahead = next.slice(0, 2).map((each) => each.microbatch)
    templates[template] = { ...own, microbatch, ahead, readsParameters: kind !== 'W' }
  }
  return { head, tail: stretch(step.slice(end)), templates }
}

function placeOf(
  { visit, tensor, microbatch }: BufferSpec,
  visits: Map<string, number[]>,
  before: ReadonlyMap<string, number>,
  opened: number[],
): BufferPlace {
  if (visit === undefined) return microbatch === undefined ? { kind: 'same' } : { kind: 'microbatch' }
  const known = visits.get(tensor) ?? []
  visits.set(tensor, known)
  if (!known.includes(visit)) {
    known.push(visit)
    if (!opened.includes(visit)) opened.push(visit)
  }
  const nth = opened.indexOf(visit)
  if (nth >= 0) return { kind: 'opened', nth }
  return { kind: 'earlier', tensor, back: before.get(tensor)! - 1 - known.indexOf(visit) }
}

/** The whole step of a rank, op for op as executed. `samplesOf`: the samples of each micro-batch. */
export function unfold(folded: FoldedRank, samplesOf: (microbatch: number) => readonly number[]): RankProgram {
  const { rank, head, tail, templates, order, microbatches } = folded
  const buffers = new Map<string, BufferSpec>()
  /** By tensor: its visits opened so far, as numbered in the whole step. */
  const visits = new Map<string, number[]>()
  let nextVisit = 0
  let nextId = rank.prologue.length
  const step: Op[] = []
  const emit = (op: Op) => step.push({ ...op, id: nextId++ })
  const declareBuffer = (spec: BufferSpec, id: BufferId): string => {
    const name = bufferName(id)
    if (!buffers.has(name)) buffers.set(name, { ...spec, ...id, name })
    return name
  }
  const emitUnchanged = (ops: readonly Op[]) => {
    for (const op of ops) {
      for (const name of buffersOfOp(op)) {
        const spec = rank.buffers.get(name)!
        declareBuffer(spec, spec)
        if (spec.visit !== undefined) noteVisit(spec.tensor, spec.visit)
      }
      emit(op)
    }
  }
  const noteVisit = (tensor: string, visit: number) => {
    const list = visits.get(tensor) ?? []
    visits.set(tensor, list)
    if (!list.includes(visit)) list.push(visit)
    nextVisit = Math.max(nextVisit, visit + 1)
  }
  for (const spec of rank.buffers.values()) if (spec.persistent) buffers.set(spec.name, spec)
  emitUnchanged(head.ops)
  for (let i = 0; i < order.length; i++) {
    const template = templates[order[i]!]!
    const first = nextVisit
    const before = new Map([...visits].map(([tensor, list]) => [tensor, list.length]))
    const names = new Map<string, string>()
    for (const [name, place] of template.places) {
      const spec = rank.buffers.get(name)!
      names.set(name, declareBuffer(spec, idOf(spec, place)))
    }
    for (const op of template.ops) emit(repeated(op, i, names))
    function idOf(spec: BufferSpec, place: BufferPlace): BufferId {
      switch (place.kind) {
        case 'same':
          return spec
        case 'microbatch':
          return { ...spec, microbatch: microbatches[i]! }
        case 'opened':
          noteVisit(spec.tensor, first + place.nth)
          return { ...spec, visit: first + place.nth }
        case 'earlier':
          return { ...spec, visit: visits.get(place.tensor)![before.get(place.tensor)! - 1 - place.back]! }
      }
    }
  }
  emitUnchanged(tail.ops)
  for (const spec of rank.buffers.values()) if (!buffers.has(spec.name) && spec.persistent) buffers.set(spec.name, spec)
  const epilogue = rank.epilogue.map((op) => ({ ...op, id: nextId++ }))
  return { ...rank, buffers, step, epilogue }

  function repeated(op: Op, position: number, names: ReadonlyMap<string, string>): Op {
    const template = templates[order[position]!]!
    const nameOf = (name: string) => names.get(name) ?? name
    const actual = microbatches[actionOf(op, position)]!
    return {
      ...withBuffers(op, nameOf),
      ...(op.microbatch === undefined ? {} : { microbatch: actual }),
      ...(op.action === undefined ? {} : { action: position }),
      // A server also loads other replicas' samples.
      ...(op.kind === 'loadBatch' && isOwn(op.samples, template.microbatch) ? { samples: samplesOf(actual) } : {}),
    }
  }

  function isOwn(samples: readonly number[], microbatch: number): boolean {
    const own = samplesOf(microbatch)
    return samples.length === own.length && samples.every((each, i) => each === own[i])
  }

  /** Position of the action an op belongs to: one gathered ahead belongs to a later action that reads parameters. */
  function actionOf({ microbatch }: Op, position: number): number {
    const template = templates[order[position]!]!
    if (microbatch === undefined || microbatch === template.microbatch) return position
    let further = template.ahead.indexOf(microbatch)
    for (let i = position + 1; i < order.length; i++)
      if (templates[order[i]!]!.readsParameters && further-- === 0) return i
    return position
  }
}
