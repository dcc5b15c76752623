import { WORD_BYTES } from '../core/dtypes.ts'
import type { OpDims } from '../core/segments.ts'
import type { BufferId, BufferRole } from '../schedule/buffers.ts'
import { bufferName } from '../schedule/buffers.ts'
import type { Action } from '../schedule/actions.ts'
import type { OpDraft } from './draft.ts'
import { span } from './draft.ts'
import { valueOf } from '../core/expression.ts'
import type { FamilySpec, SegmentUse } from '../model/family-spec.ts'
import { familyOf } from '../model/family.ts'
import { sizeSymbols } from '../model/launches.ts'
import { headWeightName } from '../model/parameters.ts'
import { savedPorts } from '../model/segment.ts'
import { blockBackward, blockForward, blockInputGradient, blockOutput } from './block.ts'
import type { Layout } from './layout.ts'
import { dimsOf } from './layout.ts'
import { paramBuffer } from './ranks.ts'
import { headChunkRows, logitCopyBytes, traitsOf } from './recipes.ts'
import type { PipelinePosition } from './segment-writer.ts'
import { COMPUTE, HOST, SegmentWriter, segment } from './segment-writer.ts'
import type { Stage } from './stages.ts'
import type { TensorLink } from './tensor-link.ts'
import { tensorLink } from './tensor-link.ts'
import type { Coordinates } from '../core/mesh.ts'

export interface LoweredRank {
  readonly ops: readonly OpDraft[]
  readonly writer: SegmentWriter
}

export interface ActionContext {
  readonly layout: Layout
  readonly coordinates: Coordinates
  /** Sample indices of each micro-batch of this replica. */
  readonly microbatches: readonly (readonly number[])[]
  /** Pipeline rank of every virtual stage, and the global rank of a pipeline rank in this replica. */
  readonly stageToRank: readonly number[]
  readonly rankOf: (pipelineRank: number) => number
  /** Evaluation and generation: forward only, without the loss's gradient. */
  readonly forwardOnly: boolean
  /** Generation: logits of every row are kept instead of a loss. */
  readonly keepLogits?: boolean
  /** Parameters whose gradients have a buffer per micro-batch. */
  readonly perMicrobatch?: (parameter: string) => boolean
}

const logitsOf = (chunk: number) => `logits${chunk}`

/** Whether a buffer holds logits of a chunk of rows. */
export function isLogits({ tensor }: BufferId): boolean {
  return tensor.startsWith('logits')
}

/** The rows of the head's chunks. */
function headChunks({ dims: { rows, V }, context }: Scope): { rowStart: number; rows: number }[] {
  const each = headChunkRows(context.layout.config, rows, V)
  return Array.from({ length: Math.ceil(rows / each) }, (_, i) => ({
    rowStart: i * each,
    rows: Math.min(each, rows - i * each),
  }))
}

/** Stage-level actions of one pipeline rank → segment ops with sends and receives at the stage's edges. */
export function lowerActions(actions: readonly Action[], context: ActionContext): SegmentWriter {
  const writer = new SegmentWriter(context.perMicrobatch)
  const { layout, coordinates } = context
  const tensor = tensorLink(writer, layout.config, coordinates)
  const family = familyOf(layout.config.model)
  for (const [position, action] of actions.entries()) {
    writer.action = position
    const stage = layout.stages[action.stage]!
    const place = { stage: action.stage, microbatch: action.microbatch }
    const dims = dimsOf(layout, context.microbatches[action.microbatch]!.length, coordinates.tensor)
    const scope = { writer, context, family, stage, place, dims, residual: tensor.residual(dims), tensor }
    if (action.kind === 'F') forward(scope)
    else if (action.kind === 'B') backward(scope, 'backward')
    else if (action.kind === 'I') backward(scope, 'backwardInput')
    else backward(scope, 'backwardWeight')
  }
  return writer
}

interface Scope {
  readonly writer: SegmentWriter
  readonly context: ActionContext
  readonly family: FamilySpec
  readonly stage: Stage
  readonly place: PipelinePosition
  readonly dims: OpDims
  /** Sizes on the residual stream: fewer rows under sequence parallelism. */
  readonly residual: OpDims
  readonly tensor: TensorLink
}

const idOf = (place: PipelinePosition, tensor: string, role: BufferRole = 'activation'): BufferId => ({
  role,
  tensor,
  microbatch: place.microbatch,
})
const mb = (place: PipelinePosition, tensor: string, role?: BufferRole) => bufferName(idOf(place, tensor, role))

function local(scope: Scope, stage: number): boolean {
  return scope.context.stageToRank[stage] === scope.context.coordinates.pipeline
}

/** The gradient of a stage's output, from the next stage. */
const edgeId = (place: PipelinePosition, stage: number) => idOf(place, `s${stage}.dx`, 'message')
const edge = (place: PipelinePosition, stage: number) => bufferName(edgeId(place, stage))

function loadInputs(scope: Scope, roles: readonly string[]): Record<string, string> {
  const { writer, context, place, dims } = scope
  const R = dims.rows
  const sizes: Record<string, number> = { tokens: R, targets: R, weights: R, segments: 3 * R + 2 }
  const fresh = roles.filter((role) => !writer.touch(mb(place, role, 'input')))
  const args = Object.fromEntries(roles.map((role) => [role, mb(place, role, 'input')]))
  if (fresh.length === 0) return args
  for (const role of fresh)
    writer.declare(idOf(place, role, 'input'), sizes[role]!, { dtype: role === 'weights' ? 'f32' : 'u32' })
  writer.push({
    kind: 'loadBatch',
    stream: HOST,
    samples: context.microbatches[place.microbatch]!,
    args: Object.fromEntries(fresh.map((role) => [role, args[role]!])),
    dims,
    reads: [],
    writes: fresh.map((role) => args[role]!),
    ...place,
  })
  return args
}

function transfer(scope: Scope, kind: 'send' | 'recv', peerStage: number, name: string, direction: 'F' | 'B'): void {
  const { writer, context, place, residual, stage } = scope
  const peer = context.rankOf(context.stageToRank[peerStage]!)
  const boundary = direction === 'F' ? Math.min(stage.index, peerStage) : Math.max(stage.index, peerStage)
  const shared = {
    peer,
    // A stream per peer, direction and boundary: two virtual stages between the same ranks must not block each other.
    stream: `${kind}:${peer}:${direction}${boundary}`,
    traffic: 'activations' as const,
    subject: direction === 'F' ? 'activations' : 'activation gradients',
    elementBytes: WORD_BYTES,
    direction,
    ...place,
  }
  const spans = [span(name, residual.rows * residual.C)]
  if (kind === 'send') writer.push({ kind, ...shared, source: spans, reads: [name], writes: [] })
  else writer.push({ kind, ...shared, target: spans, reads: [], writes: [name] })
}

/** Input of the stage: the embedding's output, the neighbour's buffer on the same rank, or the received one. */
function inputName(scope: Scope): string {
  const { stage, place } = scope
  if (!stage.embedding && local(scope, stage.index - 1)) return outputName(scope, stage.index - 1)
  return mb(place, inputTensor(scope))
}

function inputTensor({ stage, family }: Scope): string {
  return stage.embedding ? `${family.embedding.name}.x` : `s${stage.index}.in`
}

function outputName(scope: Scope, stageIndex: number): string {
  const stage = scope.context.layout.stages[stageIndex]!
  if (stage.end > stage.first) return blockOutput(scope.family, stage.end - 1, scope.place)
  return inputName({ ...scope, stage })
}

function blockInput(scope: Scope, block: number): string {
  return block === scope.stage.first ? inputName(scope) : blockOutput(scope.family, block - 1, scope.place)
}

function forward(scope: Scope): void {
  const { writer, context, family, stage, place, dims, residual, tensor } = scope
  const { recompute } = context.layout.config.parallel
  const traits = traitsOf(context.layout.config)
  const input = inputName(scope)
  const elements = residual.rows * residual.C
  if (stage.embedding) {
    const roles = ['tokens', ...(context.forwardOnly ? [] : ['segments'])]
    const { tokens } = loadInputs(scope, stage.head && !context.keepLogits ? [...roles, 'targets', 'weights'] : roles)
    writer.declare(idOf(place, inputTensor(scope)), elements)
    const x = tensor.partialOf(input, dims)
    const args = { tokens: tokens!, ...parametersOf(family.embedding), x }
    const saved = context.forwardOnly ? {} : embeddingMask(scope)
    writer.compute('forward', refOf(family.embedding, -1), dims, args, place, false, saved)
    tensor.sum(input, dims, place, 'embedding')
  } else if (!local(scope, stage.index - 1)) {
    writer.declare(idOf(place, inputTensor(scope)), elements, {
      category: context.forwardOnly ? 'communication' : 'activations',
    })
    transfer(scope, 'recv', stage.index - 1, input, 'F')
  }
  let x = input
  for (let block = stage.first; block < stage.end; block++)
    x = blockForward({ ...scope, block, recompute, traits, forwardOnly: context.forwardOnly }, x)
  if (stage.head) {
    const { finalNorm } = family
    const y = writer.declare(idOf(place, `${finalNorm.name}.y`), elements)
    const args = { x, y, ...parametersOf(finalNorm), ...madeBy(finalNorm, scope) }
    writer.compute('forward', refOf(finalNorm, context.layout.config.model.layers), residual, args, place)
    if (context.forwardOnly) head(scope, null)
  } else if (!local(scope, stage.index + 1)) transfer(scope, 'send', stage.index + 1, x, 'F')
}

/** Logits, loss and, with `half`, their gradient, chunk by chunk; dlogits replace the logits. */
function head(scope: Scope, half: 'backward' | 'backwardInput' | null): void {
  const { writer, context, family, place, dims, tensor } = scope
  const { layers } = context.layout.config.model
  const y = tensor.gather(mb(place, `${family.finalNorm.name}.y`), dims, place, 'head input')
  const wte = paramBuffer(headWeightName(context.layout.config.model))
  const inputs = context.keepLogits ? {} : loadInputs(scope, ['targets', 'weights'])
  const chunks = headChunks(scope)
  const losses = writer.declare(idOf(place, 'losses'), dims.rows, { dtype: 'f32' })
  for (const [c, chunk] of chunks.entries()) {
    const part = { ...dims, ...chunk }
    const logits = writer.declare(idOf(place, logitsOf(c)), chunk.rows * dims.V)
    writer.compute('forward', refOf(family.head, layers), part, { y, wte, logits }, place)
    if (context.keepLogits) continue
    const sharded = dims.tensor > 1 ? { all: lossStats(scope, part, c, { ...inputs, logits }) } : null
    const args = { ...inputs, ...sharded, logits, losses, lossSum: 'loss' }
    const accumulate = c === chunks.length - 1 && writer.touch('loss')
    const ref = segment(sharded ? 'lossSharded' : 'loss', 'loss', layers)
    const saved = half === null ? {} : logitCopies(scope, c, chunk.rows)
    writer.compute('forward', ref, part, args, place, accumulate, saved)
    if (half !== null) headGradient(scope, half, c, chunk)
  }
}

/** What the software also keeps per chunk of logits from the loss to their gradient: f32 copies. */
function logitCopies({ writer, context, place, dims }: Scope, c: number, rows: number): Record<string, string> {
  const bytes = logitCopyBytes(context.layout.config)
  if (bytes === 0) return {}
  return { copies: writer.declare(idOf(place, `loss.copies${c}`), rows * dims.V * bytes, { dtype: 'byte' }) }
}

/** Each rank's maximum and sum over its vocabulary, gathered: the logits themselves are never exchanged. */
function lossStats(scope: Scope, part: OpDims, c: number, args: Record<string, string>): string {
  const { writer, context, place, tensor } = scope
  const stats = writer.declare(idOf(place, `loss.stats${c}`), part.rows * 3, { dtype: 'f32' })
  const ref = segment('lossStats', 'loss', context.layout.config.model.layers)
  writer.compute('forward', ref, part, { logits: args.logits!, targets: args.targets!, stats }, place)
  return tensor.gatherAll(stats, '.all', part.rows * 3, place, 'loss statistics')
}

function headGradient(
  scope: Scope,
  half: 'backward' | 'backwardInput' | 'backwardWeight',
  c: number,
  chunk: { rowStart: number; rows: number },
): void {
  const { writer, context, family, place, dims, residual, tensor } = scope
  const { model } = context.layout.config
  const weight = headWeightName(model)
  const norm = family.finalNorm.name
  const dwte = writer.gradient(weight, dims.V * dims.C, place)
  const gradient = writer.declare(idOf(place, `${norm}.dy`, 'activationGradient'), residual.rows * residual.C)
  const dy = tensor.partialOf(gradient, dims)
  const y = tensor.wholeOf(mb(place, `${norm}.y`), dims)
  const args = { y, wte: paramBuffer(weight), logits: mb(place, logitsOf(c)), dy, dwte }
  const accumulate = half !== 'backwardInput' && writer.touch(dwte)
  const saved = half === 'backwardWeight' ? {} : logitCopies(scope, c, chunk.rows)
  writer.compute(half, refOf(family.head, model.layers), { ...dims, ...chunk }, args, place, accumulate, saved)
}

function backward(scope: Scope, half: 'backward' | 'backwardInput' | 'backwardWeight'): void {
  const { writer, context, family, stage, place, residual } = scope
  const { recompute } = context.layout.config.parallel
  const traits = traitsOf(context.layout.config)
  const elements = residual.rows * residual.C
  let dx: string
  if (stage.head) {
    if (half === 'backwardWeight')
      for (const [c, chunk] of headChunks(scope).entries()) headGradient(scope, half, c, chunk)
    else finalNormGradient(scope, half)
    dx = mb(place, `${family.finalNorm.name}.dx`)
  } else if (local(scope, stage.index + 1)) dx = inputGradientName(scope, stage.index + 1)
  else {
    dx = edge(place, stage.index)
    if (half !== 'backwardWeight') {
      writer.declare(edgeId(place, stage.index), elements)
      transfer(scope, 'recv', stage.index + 1, dx, 'B')
    }
  }
  for (let block = stage.end - 1; block >= stage.first; block--)
    dx = blockBackward({ ...scope, block, recompute, traits, forwardOnly: false }, half, blockInput(scope, block), dx)
  if (stage.embedding) {
    if (half !== 'backwardInput') embeddingGradient(scope, dx)
  } else if (half !== 'backwardWeight' && !local(scope, stage.index - 1))
    transfer(scope, 'send', stage.index - 1, dx, 'B')
}

/** The head with its gradient, then the final norm's. */
function finalNormGradient(scope: Scope, half: 'backward' | 'backwardInput'): void {
  const { writer, context, family, stage, place, dims, residual, tensor } = scope
  const { finalNorm } = family
  const dy = mb(place, `${finalNorm.name}.dy`)
  head(scope, half)
  tensor.sum(dy, dims, place, 'head input gradient')
  const gains = gradientsOf(scope, finalNorm)
  const args = {
    dy,
    x: outputName(scope, stage.index),
    ...parametersOf(finalNorm),
    ...madeBy(finalNorm, scope),
    dx: writer.declare(idOf(place, `${finalNorm.name}.dx`, 'activationGradient'), residual.rows * residual.C),
    ...gains,
  }
  const [first] = Object.values(gains)
  writer.compute(
    half,
    refOf(finalNorm, context.layout.config.model.layers),
    residual,
    args,
    place,
    first !== undefined && writer.touch(first),
  )
}

/** Name of the gradient with respect to a stage's input, on the rank that computes it. */
function inputGradientName(scope: Scope, stageIndex: number): string {
  const stage = scope.context.layout.stages[stageIndex]!
  if (stage.end > stage.first) return blockInputGradient(scope.family, stage.first, scope.place)
  if (stage.head) return mb(scope.place, `${scope.family.finalNorm.name}.dx`)
  return local(scope, stageIndex + 1) ? inputGradientName(scope, stageIndex + 1) : edge(scope.place, stageIndex)
}

function embeddingGradient(scope: Scope, dx: string): void {
  const { writer, family, place, dims, tensor } = scope
  const gradients = gradientsOf(scope, family.embedding)
  const { segments } = loadInputs(scope, ['segments'])
  const all = tensor.gather(dx, dims, place, 'embedding gradient')
  // The token gradient covers only rows that occur: unwritten rows start from zero.
  const fresh = Object.values(gradients).filter((name) => !writer.touch(name))
  if (fresh.length > 0)
    writer.push({
      kind: 'clear',
      stream: COMPUTE,
      spans: fresh.map((name) => span(name, writer.elementsOf(name))),
      reads: [],
      writes: fresh,
      ...place,
    })
  const args = { dx: all, segments: segments!, ...gradients }
  writer.compute('backwardWeight', refOf(family.embedding, -1), dims, args, place, true, embeddingMask(scope))
}

/** What the embedding's forward keeps for its gradient, of this rank's rows. */
function embeddingMask({ writer, context, family, place, residual }: Scope): Record<string, string> {
  const { segment: spec, name } = family.embedding
  const ports = Object.entries(savedPorts(spec, traitsOf(context.layout.config)))
  return Object.fromEntries(
    ports.map(([role, { elements, dtype }]) => [
      role,
      writer.declare(idOf(place, `${name}.${role}`), valueOf(elements, sizeSymbols(residual)), { dtype }),
    ]),
  )
}

function refOf({ segment: { kind }, name }: SegmentUse, block: number) {
  return segment(kind, name, block)
}

/** Buffers of a segment's parameters, by role. */
function parametersOf({ parameters }: SegmentUse): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([role, { name }]) => [role, paramBuffer(name)]))
}

/** Buffers that a forward on the residual stream writes, by role. */
function madeBy({ segment: { makes }, name }: SegmentUse, { writer, residual, place }: Scope): Record<string, string> {
  return Object.fromEntries(
    Object.entries(makes).map(([role, { elements, dtype }]) => [
      role,
      writer.declare(idOf(place, `${name}.${role}`), valueOf(elements, sizeSymbols(residual)), { dtype }),
    ]),
  )
}

/** Gradient buffers of a segment's parameters, by role. */
function gradientsOf({ writer, context, dims, place }: Scope, use: SegmentUse): Record<string, string> {
  const sizes = { ...sizeSymbols(dims), N: context.layout.config.model.context }
  return Object.fromEntries(
    Object.entries(use.segment.parameters).map(([role, { shape }]) => {
      const elements = shape.reduce<number>((product, each) => product * valueOf(each, sizes), 1)
      return [`d${role}`, writer.gradient(use.parameters[role]!.name, elements, place)]
    }),
  )
}
