import { lengthOf } from '../core/parts.ts'
import { axesAcross } from '../core/mesh.ts'
import type { RunConfig } from '../config/types.ts'
import type { Dtype } from '../core/dtypes.ts'
import { invariant } from '../core/errors.ts'
import type { BufferId } from '../schedule/buffers.ts'
import { broughtBy } from '../schedule/op-buffers.ts'
import { isCollective, isCompute } from '../schedule/op-kinds.ts'
import type { BufferSpec, CollectiveOp, OptimizerStepOp, Span, Update } from '../schedule/program.ts'
import type { OpDraft, RankDraft } from './draft.ts'
import { buffer, buffersOf, splitLike, span } from './draft.ts'
import { elementBytesOf, habitsOf, keepsMasters, keepsMomentum } from './recipes.ts'

/*
 * Mixed precision as a pass over a rank (arXiv:1710.03740): weights, activations and messages in two bytes, f32 masters
 * that the optimizer updates, gradients and their reduction in the element sizes of the software's recipe. f32 stays as
 * it is.
 */
export function withPrecision(draft: RankDraft, config: RunConfig): RankDraft {
  if (config.precision === 'f32') return draft
  const { gradientBytes, reducedBytes, keepsCopies } = habitsOf(config)
  let mixed = withLandings(draft)
  if (gradientBytes !== reducedBytes) mixed = withCasts(mixed, config)
  if (keepsCopies) mixed = withGradientCopies(mixed)
  mixed = withOptimizerState(mixed, config)
  return withBytes(mixed, config)
}

/**
 * A collective's output is processed on a stream of its own, so that neither the collective's nor compute waits for it.
 */
const landingStream = ({ stream }: Pick<OpDraft, 'stream'>) => `landing:${stream}`

/** Reduced gradients are decoded and added to the shard as they arrive, in list order. */
function withLandings(draft: RankDraft): RankDraft {
  /** By received buffer or one derived from it: the stream that processes it. */
  const landings = new Map<string, string>()
  const step = draft.step.map((op): OpDraft => {
    if (isCollective(op)) for (const name of op.writes) landings.set(name, landingStream(op))
    if (op.kind !== 'add' && op.kind !== 'encode' && op.kind !== 'decode') return op
    const stream = op.source.map((each) => landings.get(each.buffer)).find((each) => each !== undefined)
    if (stream === undefined) return op
    if (op.kind === 'decode') for (const name of op.writes) landings.set(name, stream)
    return { ...op, stream }
  })
  return { ...draft, step }
}

/** A draft's buffers by name, plus those a pass adds; equal records are one buffer. */
class Buffers {
  readonly specs: Map<string, BufferSpec>

  constructor({ buffers }: RankDraft) {
    this.specs = new Map(buffers.map((spec) => [spec.name, spec]))
  }

  of(name: string): BufferSpec {
    const spec = this.specs.get(name)
    invariant(spec, `no buffer ${name}`)
    return spec
  }

  /** The same id in two sizes would be two buffers of one name. */
  add(spec: BufferSpec): string {
    const known = this.specs.get(spec.name)
    invariant(known === undefined || known.elements === spec.elements, `${spec.name} has two sizes`)
    this.specs.set(spec.name, spec)
    return spec.name
  }

  list(): BufferSpec[] {
    return [...this.specs.values()]
  }
}

function isGradientCollective(op: OpDraft, buffers: Buffers): op is Omit<CollectiveOp, 'id'> {
  if (!isCollective(op) || op.traffic !== 'gradients') return false
  const first = op.source[0] ?? op.target[0]
  return first !== undefined && buffers.of(first.buffer).dtype === 'gradient'
}

/** Gradients reduced in another element size than they are stored in need separate vectors. */
function withCasts(draft: RankDraft, config: RunConfig): RankDraft {
  const buffers = new Buffers(draft)
  /** The other stage may be waiting for this one, so nothing else may wait for the cast. */
  const waitsForStage = ({ group }: Pick<CollectiveOp, 'group'>) =>
    axesAcross(config.parallel, group).includes('pipeline')
  /** Casts of what arrives from another stage, deferred past everything that does not need them. */
  const waiting: OpDraft[] = []
  const takeAwaited = ({ reads, writes }: OpDraft): OpDraft[] => {
    const touched = new Set([...reads, ...writes])
    const at = waiting.findLastIndex((each) => each.writes.some((name) => touched.has(name)))
    return waiting.splice(0, at + 1)
  }
  const step = draft.step.flatMap((op): OpDraft[] => {
    const before = takeAwaited(op)
    if (!isGradientCollective(op, buffers)) return [...before, op]
    const { microbatch, stage, action, turn, subject } = op
    const at = {
      ...(microbatch === undefined ? {} : { microbatch }),
      ...(stage === undefined ? {} : { stage }),
      ...(action === undefined ? {} : { action }),
      ...(turn === undefined ? {} : { turn }),
    }
    const vectorOf = (spans: readonly Span[], side: 'sent' | 'landed'): Span[] => {
      if (spans.length === 0) return []
      const { home } = buffers.of(spans[0]!.buffer)
      const size = lengthOf(spans)
      const id: BufferId = {
        role: 'message',
        tensor: `${subject}:${side}:${size}`,
        ...(microbatch === undefined ? {} : { microbatch }),
      }
      return splitLike(buffers.add(buffer(id, size, { dtype: 'reduced', home })), spans)
    }
    const cast = (source: readonly Span[], target: readonly Span[], stream: string): OpDraft[] =>
      source.length === 0
        ? []
        : [
            {
              ...at,
              kind: 'add',
              stream,
              source,
              target,
              assign: true,
              reads: buffersOf(source),
              writes: buffersOf(target),
            },
          ]
    const inPlace = JSON.stringify(op.source) === JSON.stringify(op.target)
    const sent = vectorOf(op.source, 'sent')
    const landed = inPlace ? sent : vectorOf(op.target, 'landed')
    const moved = {
      ...op,
      source: sent,
      target: landed,
      reads: [...buffersOf(sent), ...op.reads.filter((name) => op.source.every((each) => each.buffer !== name))],
      writes: buffersOf(landed),
    }
    const castBack = cast(landed, op.target, landingStream(op))
    if (waitsForStage(op)) waiting.push(...castBack)
    return [...before, ...cast(op.source, sent, op.stream), moved, ...(waitsForStage(op) ? [] : castBack)]
  })
  return { ...draft, step: [...step, ...waiting], buffers: buffers.list() }
}

/** A separate gradient of the latest backward beside each accumulated one, with the same lifetime. */
function withGradientCopies(draft: RankDraft): RankDraft {
  const buffers = new Buffers(draft)
  const copyOf = (name: string): string[] => {
    const spec = buffers.of(name)
    if (spec.role !== 'gradient') return []
    const { tensor, microbatch, copyOf: from, elements, home } = spec
    const place = {
      ...(microbatch === undefined ? {} : { microbatch }),
      ...(from === undefined ? {} : { copyOf: from }),
    }
    return [buffers.add(buffer({ role: 'gradientCopy', tensor, ...place }, elements, { home }))]
  }
  const made = new Set<string>()
  const step = draft.step.map((op): OpDraft => {
    if (isCompute(op)) {
      const copies = op.writes.flatMap(copyOf)
      for (const name of copies) made.add(name)
      return copies.length === 0 ? op : { ...op, writes: [...op.writes, ...copies] }
    }
    const copies = op.reads.flatMap(copyOf).filter((name) => made.has(name))
    return copies.length === 0 ? op : { ...op, reads: [...op.reads, ...copies] }
  })
  return { ...draft, step, buffers: buffers.list() }
}

/** f32 weights for the optimizer; no momentum where the optimizer has none. */
function withOptimizerState(draft: RankDraft, config: RunConfig): RankDraft {
  const buffers = new Buffers(draft)
  const [masters, momentum] = [keepsMasters(config), keepsMomentum(config)]
  const masterOf = ({ moment1 }: Update): { master: Span } => {
    invariant(moment1, 'an update comes with its moment')
    const { tensor, from = 0, home, elements } = buffers.of(moment1.buffer)
    const id: BufferId = { role: 'master', tensor, ...(from === 0 ? {} : { from }) }
    return { master: span(buffers.add(buffer(id, elements, { home, persistent: true })), elements) }
  }
  const stepOf = (op: Omit<OptimizerStepOp, 'id'>): OpDraft => {
    const dropped = new Set(momentum ? [] : op.updates.flatMap(({ moment1 }) => moment1?.buffer ?? []))
    const updates = op.updates.map((update): Update => {
      if (masters) return { ...update, ...masterOf(update) }
      if (momentum) return update
      const { moment1: _, ...rest } = update
      return rest
    })
    const kept = updates.flatMap(({ master }) => master?.buffer ?? [])
    for (const name of dropped) buffers.specs.delete(name)
    const names = (list: readonly string[]) => [...list.filter((name) => !dropped.has(name)), ...kept]
    return { ...op, updates, reads: names(op.reads), writes: names(op.writes) }
  }
  const step = draft.step.map((op) => (op.kind === 'optimizerStep' ? stepOf(op) : op))
  const state = momentum ? draft.state : { ...draft.state, moment1: [] }
  return { ...draft, step, state, buffers: buffers.list() }
}

/** Sets the bytes of every buffer and message. */
function withBytes(draft: RankDraft, config: RunConfig): RankDraft {
  const bytes = elementBytesOf(config)
  const dtypes = new Map(draft.buffers.map(({ name, dtype }) => [name, dtype]))
  const withElementBytes = (op: OpDraft): OpDraft => {
    if (!('elementBytes' in op)) return op
    const [first] = broughtBy(op)
    return { ...op, elementBytes: bytes[first ? dtypes.get(first.buffer)! : DTYPE_OF_TRAFFIC[op.traffic]] }
  }
  return {
    ...draft,
    buffers: draft.buffers.map((spec) => ({ ...spec, bytes: spec.elements * bytes[spec.dtype] })),
    prologue: draft.prologue.map(withElementBytes),
    step: draft.step.map(withElementBytes),
    epilogue: draft.epilogue.map(withElementBytes),
  }
}

/** Element type of a collective whose member neither contributes nor receives anything. */
const DTYPE_OF_TRAFFIC = {
  parameters: 'working',
  gradients: 'reduced',
  activations: 'working',
  scalars: 'f32',
} as const satisfies Record<CollectiveOp['traffic'], Dtype>
