import { valueOf } from '../core/expression.ts'
import type { Dtype } from '../core/dtypes.ts'
import type { OpDims } from '../core/segments.ts'
import type { Recompute } from '../config/types.ts'
import type { FamilySpec, SegmentUse, Sublayer } from '../model/family-spec.ts'
import { sizeSymbols } from '../model/launches.ts'
import type { Port, Trait } from '../model/segment.ts'
import { savedPorts } from '../model/segment.ts'
import { segmentOf } from '../model/segments/registry.ts'
import type { BufferRole } from '../schedule/buffers.ts'
import { bufferName } from '../schedule/buffers.ts'
import { paramBuffer } from './ranks.ts'
import type { PipelinePosition, SegmentWriter } from './segment-writer.ts'
import { segment } from './segment-writer.ts'
import type { TensorLink } from './tensor-link.ts'

/**
 * One transformer block as segment ops: forward, recomputation, backward in one or split into I and W. The contents of
 * a block are the family's data (model/families/); here is only how a sublayer x → x + body(norm(x)) runs:
 *
 *   forward    norm ─ gather rows ─ body ─ sum over the tensor group ─ residual
 *   backward   gather rows ─ body ─ sum over the tensor group ─ norm, with the gradient that bypasses it
 *
 * Buffers are named mb{microbatch}:{block}.{segment}.{role}; a buffer lives from its first to its last use.
 */
export interface BlockScope {
  readonly writer: SegmentWriter
  readonly family: FamilySpec
  readonly block: number
  readonly dims: OpDims
  readonly place: PipelinePosition
  readonly recompute: Recompute
  readonly tensor: TensorLink
  /** What the software also keeps for the backward, if anything. */
  readonly traits: ReadonlySet<Trait>
  readonly forwardOnly: boolean
}

type Half = 'backward' | 'backwardInput' | 'backwardWeight'
type Args = Record<string, string>

/** Name of the buffer with a block's output. */
export function blockOutput(family: FamilySpec, block: number, { microbatch }: PipelinePosition): string {
  return bufferName({ role: 'activation', tensor: `${family.blockName(block)}.out`, microbatch })
}

/** Name of the buffer with the gradient of a block's input. */
export function blockInputGradient(family: FamilySpec, block: number, { microbatch }: PipelinePosition): string {
  const tensor = `${family.blockName(block)}.${family.block[0]!.norm.name}.dx`
  return bufferName({ role: 'activationGradient', tensor, microbatch })
}

/** Names and sizes of a block's buffers; `again`: those of a recomputation. */
class BlockNames {
  private readonly inBlock: string
  private readonly residualRows: number

  constructor(private readonly scope: BlockScope) {
    this.inBlock = `${scope.family.blockName(scope.block)}.`
    this.residualRows = scope.tensor.residual(scope.dims).rows
  }

  segment(use: SegmentUse): string {
    return this.inBlock + use.name
  }

  private declare(role: BufferRole, name: string, elements: number, dtype: Dtype = 'working'): string {
    const { writer, place } = this.scope
    return writer.declare({ role, tensor: this.inBlock + name, microbatch: place.microbatch }, elements, { dtype })
  }

  /** A vector on the residual stream: this rank's rows. */
  rows(name: string, role: BufferRole): string {
    return this.declare(role, name, this.residualRows * this.scope.dims.C)
  }

  /** Buffers inside a segment that works on `dims`, by the segment's role. */
  ports(
    { name }: SegmentUse,
    ports: Readonly<Record<string, Port>>,
    dims: OpDims,
    roleOf: (port: string) => BufferRole,
  ): Args {
    const sizes = sizeSymbols(dims)
    return Object.fromEntries(
      Object.entries(ports).map(([port, { elements, dtype }]) => [
        port,
        this.declare(roleOf(port), `${name}.${port}`, valueOf(elements, sizes), dtype),
      ]),
    )
  }

  /** What a segment's forward keeps for its backward beyond its kernels, by role. */
  saved(use: SegmentUse, dims: OpDims, roleOf: (port: string) => BufferRole): Args {
    const { traits, forwardOnly } = this.scope
    return forwardOnly ? {} : this.ports(use, savedPorts(use.segment, traits), dims, roleOf)
  }

  parameters({ parameters }: SegmentUse): Args {
    return Object.fromEntries(
      Object.entries(parameters).map(([role, { name }]) => [role, paramBuffer(this.inBlock + name)]),
    )
  }

  /** Gradient buffers of a segment's parameters, and the first of them: they are written together. */
  gradients({ segment: spec, parameters }: SegmentUse): { args: Args; first: string | null } {
    const { writer, dims, place } = this.scope
    const sizes = sizeSymbols(dims)
    const args: Args = {}
    let first: string | null = null
    for (const [role, { shape }] of Object.entries(spec.parameters)) {
      const elements = shape.reduce<number>((product, each) => product * valueOf(each, sizes), 1)
      const name = writer.gradient(this.inBlock + parameters[role]!.name, elements, place)
      args[`d${role}`] = name
      first ??= name
    }
    return { args, first }
  }
}

/** Output of a sublayer: the block's for the last one. */
function outputOf(family: FamilySpec, sublayer: Sublayer): string {
  return family.block.at(-1) === sublayer ? 'out' : `${sublayer.body.name}.out`
}

/** x → out; returns the buffer of the block's output (absent in a recomputation, which stops before it). */
function run(scope: BlockScope, kind: 'forward' | 'recompute', x: string): string {
  const { writer, family, block, dims, place, tensor } = scope
  const isRecompute = kind === 'recompute'
  const role = isRecompute ? 'recomputed' : 'activation'
  const names = new BlockNames(scope)
  const residual = tensor.residual(dims)
  const emit = (use: SegmentUse, sizes: OpDims, args: Args) =>
    writer.compute(
      kind,
      segment(use.segment.kind, names.segment(use), block),
      sizes,
      { ...args, ...names.parameters(use) },
      place,
      false,
      names.saved(use, sizes, () => role),
    )
  const made = (use: SegmentUse, sizes: OpDims) => names.ports(use, use.segment.makes, sizes, () => role)
  let input = x
  for (const sublayer of family.block) {
    const { norm, body, residual: sum, title } = sublayer
    const y = names.rows(`${norm.name}.y`, role)
    emit(norm, residual, { x: input, y, ...made(norm, residual) })
    const n = tensor.gather(y, dims, place, `${title} input`)
    const p = names.rows(`${body.name}.p`, role)
    emit(body, dims, { n, ...made(body, dims), p: tensor.partialOf(p, dims) })
    tensor.sum(p, dims, place, `${title} output`, isRecompute ? 'recompute' : undefined)
    const isLast = sublayer === family.block.at(-1)
    if (isRecompute && isLast) return ''
    const out = names.rows(outputOf(family, sublayer), role)
    emit(sum, residual, { x: input, p, out })
    input = out
  }
  return input
}

export function blockForward(scope: BlockScope, x: string): string {
  return run(scope, 'forward', x)
}

/** dout → dx, from the block's input x; with `half` backwardWeight only the weight gradients. Returns dx's buffer. */
export function blockBackward(scope: BlockScope, half: Half, x: string, dout: string): string {
  const { family, recompute } = scope
  if (recompute === 'full' && half !== 'backwardWeight') run(scope, 'recompute', x)
  const names = new BlockNames(scope)
  const saved = recompute === 'full' ? 'recomputed' : 'activation'
  let gradient = dout
  for (let i = family.block.length - 1; i >= 0; i--) {
    const input = i === 0 ? x : names.rows(outputOf(family, family.block[i - 1]!), saved)
    gradient = sublayerBackward(scope, names, family.block[i]!, half, input, gradient)
  }
  return gradient
}

/** Gradient of a sublayer's output → gradient of its input x. */
function sublayerBackward(
  scope: BlockScope,
  names: BlockNames,
  { norm, body, residual, title }: Sublayer,
  half: Half,
  x: string,
  dout: string,
): string {
  const { writer, family, block, dims, place, recompute, tensor } = scope
  const recomputesAll = recompute === 'full'
  const saved = recomputesAll ? 'recomputed' : 'activation'
  const rows = tensor.residual(dims)
  const weights = half !== 'backwardInput'
  const inputs = half !== 'backwardWeight'
  const ref = (use: SegmentUse) => segment(use.segment.kind, names.segment(use), block)

  const bias = names.gradients(residual)
  if (weights && bias.first !== null)
    writer.compute('backwardWeight', ref(residual), rows, { dp: dout, ...bias.args }, place, writer.touch(bias.first))

  const { core } = body.segment
  const { repeated, roleOf } = repeatedBy(scope, body)
  const made = names.ports(body, body.segment.makes, dims, (port) => roleOf(port, saved))
  const left = names.saved(body, dims, (port) => roleOf(port, saved))
  if (core && repeated.length > 0 && inputs) {
    const recomputedPorts = Object.fromEntries(Object.entries(left).filter(([port]) => repeated.includes(port)))
    writer.compute(
      'recompute',
      segment(core.kind, names.segment(body), block),
      dims,
      made,
      place,
      false,
      recomputedPorts,
    )
  }
  // The mask of a sublayer's contribution to the residual stream is used with its gradient. A recomputation stops
  // before the last one's.
  const masks =
    recomputesAll && family.block.at(-1)!.residual === residual ? {} : names.saved(residual, rows, () => saved)
  const dmade = names.ports(body, body.segment.gradients, dims, () => 'activationGradient')
  const y = names.rows(`${norm.name}.y`, saved)
  const dy = names.rows(`${norm.name}.dy`, 'activationGradient')
  const own = names.gradients(body)
  const args = {
    n: inputAgain(y),
    ...names.parameters(body),
    ...made,
    dp: outputGradient(),
    ...dmade,
    dn: tensor.partialOf(dy, dims),
    ...own.args,
  }
  // Only the half that computes weight gradients determines whether they accumulate.
  const accumulate = weights && own.first !== null && writer.touch(own.first)
  writer.compute(half, ref(body), dims, args, place, accumulate, inputs ? { ...left, ...masks } : {})

  const dx = names.rows(`${norm.name}.dx`, 'activationGradient')
  if (inputs) {
    tensor.sum(dy, dims, place, `${title} input gradient`)
    const gains = names.gradients(norm)
    const stats = names.ports(norm, norm.segment.makes, rows, () => saved)
    const normArgs = { dy, x, ...names.parameters(norm), ...stats, upstream: dout, dx, ...gains.args }
    writer.compute(half, ref(norm), rows, normArgs, place, gains.first !== null && writer.touch(gains.first))
  }
  return dx

  /**
   * All rows that a product read in forward: kept by a recomputation, gathered again where only this rank's were saved.
   */
  function inputAgain(kept: string): string {
    if (recomputesAll) return tensor.wholeOf(kept, dims)
    const into = tensor.gatheredAgain(kept, dims)
    return weights ? tensor.gather(kept, dims, place, `${title} input`, into) : into
  }

  /** All rows of the output's gradient: gathered once, in the half that needs it first. */
  function outputGradient(): string {
    return inputs ? tensor.gather(dout, dims, place, `${title} output gradient`) : tensor.wholeOf(dout, dims)
  }
}

/** Ports of a sublayer's body that selective recomputation produces again. */
function repeatedBy(
  { recompute, traits }: BlockScope,
  { segment: { core } }: SegmentUse,
): { repeated: readonly string[]; roleOf: (port: string, kept: BufferRole) => BufferRole } {
  const saves = core ? Object.keys(savedPorts(segmentOf(core.kind), traits)) : []
  // Where the scores are kept they dominate: the output stays (arXiv:2205.05198, section 4.2.2).
  const repeated = recompute !== 'selective' || !core ? [] : traits.has('materialized') ? saves : core.makes
  return { repeated, roleOf: (port, kept) => (repeated.includes(port) ? 'recomputed' : kept) }
}
