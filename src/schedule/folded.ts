import { invariant } from '../core/errors.ts'
import type { Action } from './actions.ts'
import type { BufferId } from './buffers.ts'
import { bufferName } from './buffers.ts'
import { withBuffers } from './op-buffers.ts'
import type { BufferSpec, Op, RankProgram } from './program.ts'

/**
 * A rank's step in the few kinds of actions it is made of. Each kind is a template: ops with the micro-batch left open. The
 * order says which template follows which, and for which micro-batch. `unfold` gives the step that executes; the replay
 * (sim/replay) clocks it and takes its memory without ever writing it out.
 */
export interface FoldedRank {
  /** Of a short order in which every kind of action occurs: its buffers, state, prologue and epilogue are the rank's. */
  readonly rank: RankProgram
  /** Ahead of the first action, and behind the last; of their buffers those of a micro-batch are that one's. */
  readonly head: Stretch
  readonly tail: Stretch
  readonly templates: readonly Template[]
  /** By action of the rank's order: its template and its micro-batch. */
  readonly order: Int32Array
  readonly microbatches: Int32Array
}

/** Some of a rank's ops, one behind the other. */
export interface Stretch {
  readonly ops: readonly Op[]
  /** Where each of its buffers is found when it is repeated, by the buffer's name. */
  readonly places: ReadonlyMap<string, BufferPlace>
  /** Visits of gathered units that begin in it. */
  readonly opened: number
}

export interface Template extends Stretch {
  /** Micro-batch it was lowered for, and those of the next two actions that read parameters, which are gathered ahead. */
  readonly microbatch: number
  readonly ahead: readonly number[]
  /** It reads parameters: weight gradients do not. */
  readonly readsParameters: boolean
}

/**
 * Which buffer a template's buffer is in a repetition: always the same; that of the repetition's micro-batch; that of the
 * nth visit which begins here; or of a visit that began before, `back` visits of the same tensor ago.
 */
export type BufferPlace =
  | { readonly kind: 'same' }
  | { readonly kind: 'microbatch' }
  | { readonly kind: 'opened'; readonly nth: number }
  | { readonly kind: 'earlier'; readonly tensor: string; readonly back: number }

/** Buffers of an op, each once, writes first: the order in which the memory plan meets them. */
export function buffersOfOp(op: Op): Set<string> {
  return new Set([...op.writes, ...op.reads])
}

/**
 * Cuts a short order's step into templates; without actions everything is the head.
 *
 * @param stands by template, the position in the short order of the action it is made of
 * @param actions how many actions the short order has
 */
export function templatesOf(
  rank: RankProgram,
  actions: readonly Action[],
  stands: readonly number[],
): Pick<FoldedRank, 'head' | 'tail' | 'templates'> {
  const { step, buffers } = rank
  const begins = actions.map(() => -1)
  let end = 0
  for (const [i, { action }] of step.entries()) {
    if (action === undefined || actions.length === 0) continue
    if (begins[action] === -1) begins[action] = i
    end = i + 1
  }
  // An empty stage between two others on its rank does nothing.
  for (let i = begins.length - 1; i >= 0; i--) if (begins[i] === -1) begins[i] = begins[i + 1] ?? end
  invariant(
    begins.every((begin, i) => i === 0 || begin >= begins[i - 1]!),
    `rank ${rank.rank}: the ops of an action do not stand together`,
  )
  /** By tensor, the visits of it that began so far. */
  const visits = new Map<string, number[]>()
  const wanted = new Map(stands.map((position, template) => [position, template]))
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
    const template = wanted.get(i)
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

/** The whole step of a rank, op for op what executes. `samplesOf`: the samples of each micro-batch. */
export function unfold(folded: FoldedRank, samplesOf: (microbatch: number) => readonly number[]): RankProgram {
  const { rank, head, tail, templates, order, microbatches } = folded
  const buffers = new Map<string, BufferSpec>()
  /** By tensor, the visits of it that began so far, in the numbers of the whole step. */
  const visits = new Map<string, number[]>()
  let nextVisit = 0
  let nextId = rank.prologue.length
  const step: Op[] = []
  const put = (op: Op) => step.push({ ...op, id: nextId++ })
  const named = (spec: BufferSpec, id: BufferId): string => {
    const name = bufferName(id)
    if (!buffers.has(name)) buffers.set(name, { ...spec, ...id, name })
    return name
  }
  const same = (ops: readonly Op[]) => {
    for (const op of ops) {
      for (const name of buffersOfOp(op)) {
        const spec = rank.buffers.get(name)!
        named(spec, spec)
        if (spec.visit !== undefined) noteVisit(spec.tensor, spec.visit)
      }
      put(op)
    }
  }
  const noteVisit = (tensor: string, visit: number) => {
    const list = visits.get(tensor) ?? []
    visits.set(tensor, list)
    if (!list.includes(visit)) list.push(visit)
    nextVisit = Math.max(nextVisit, visit + 1)
  }
  for (const spec of rank.buffers.values()) if (spec.persistent) buffers.set(spec.name, spec)
  same(head.ops)
  for (let i = 0; i < order.length; i++) {
    const template = templates[order[i]!]!
    const first = nextVisit
    const before = new Map([...visits].map(([tensor, list]) => [tensor, list.length]))
    const names = new Map<string, string>()
    for (const [name, place] of template.places) {
      const spec = rank.buffers.get(name)!
      names.set(name, named(spec, idOf(spec, place)))
    }
    for (const op of template.ops) put(repeated(op, i, names))
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
  same(tail.ops)
  for (const spec of rank.buffers.values()) if (!buffers.has(spec.name) && spec.persistent) buffers.set(spec.name, spec)
  const epilogue = rank.epilogue.map((op) => ({ ...op, id: nextId++ }))
  return { ...rank, buffers, step, epilogue }

  function repeated(op: Op, position: number, names: ReadonlyMap<string, string>): Op {
    const template = templates[order[position]!]!
    const nameOf = (name: string) => names.get(name) ?? name
    const real = microbatches[actionOf(op, position)]!
    return {
      ...withBuffers(op, nameOf),
      ...(op.microbatch === undefined ? {} : { microbatch: real }),
      ...(op.action === undefined ? {} : { action: position }),
      // A server loads other replicas' samples, too.
      ...(op.kind === 'loadBatch' && isOwn(op.samples, template.microbatch) ? { samples: samplesOf(real) } : {}),
    }
  }

  function isOwn(samples: readonly number[], microbatch: number): boolean {
    const own = samplesOf(microbatch)
    return samples.length === own.length && samples.every((each, i) => each === own[i])
  }

  /** The action an op is for: what is gathered ahead is for one of the next that read parameters. */
  function actionOf({ microbatch }: Op, position: number): number {
    const template = templates[order[position]!]!
    if (microbatch === undefined || microbatch === template.microbatch) return position
    let further = template.ahead.indexOf(microbatch)
    for (let i = position + 1; i < order.length; i++)
      if (templates[order[i]!]!.readsParameters && further-- === 0) return i
    return position
  }
}
