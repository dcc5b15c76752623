import type { OpDims } from '../core/segments.ts'
import type { Action } from '../schedule/actions.ts'
import type { OpDraft } from './draft.ts'
import { span } from './draft.ts'
import { blockBackward, blockForward } from './block.ts'
import type { Layout } from './layout.ts'
import { dimsOf } from './layout.ts'
import type { Place } from './segment-writer.ts'
import { COMPUTE, HOST, SegmentWriter, segment } from './segment-writer.ts'
import type { Stage } from './stages.ts'
import type { TensorLink } from './tensor-link.ts'
import { tensorLink } from './tensor-link.ts'
import type { Coordinates } from '../config/result.ts'

/** Bytes of logits that may live at once on a rank: longer batches go through the head in chunks of rows. */
export const HEAD_CHUNK_BYTES = 64 * 2 ** 20

export interface LoweredRank {
  readonly ops: readonly OpDraft[]
  readonly writer: SegmentWriter
}

export interface ActionContext {
  readonly layout: Layout
  readonly coordinates: Coordinates
  /** Sample indices of each micro-batch of this replica. */
  readonly microbatches: readonly (readonly number[])[]
  /** Pipeline rank of every virtual stage, and the rank number of a pipeline rank beside this one. */
  readonly stageToRank: readonly number[]
  readonly rankOf: (pipelineRank: number) => number
  /** Evaluation and generation: forward only, the loss without its gradient being used. */
  readonly forwardOnly: boolean
  /** Generation: logits of every row are kept instead of a loss. */
  readonly keepLogits?: boolean
  /** Parameters whose gradients stay apart by micro-batch. */
  readonly apart?: (parameter: string) => boolean
}

/** The rows of the head's chunks for `rows` rows of `V` logits. */
function headChunks(rows: number, V: number): { rowStart: number; rows: number }[] {
  const each = Math.max(1, Math.min(rows, Math.floor(HEAD_CHUNK_BYTES / (4 * V))))
  return Array.from({ length: Math.ceil(rows / each) }, (_, i) => ({
    rowStart: i * each,
    rows: Math.min(each, rows - i * each),
  }))
}

/** Stage-level actions of one pipeline rank → segment ops with sends and receives at the stage's edges. */
export function lowerActions(actions: readonly Action[], context: ActionContext): SegmentWriter {
  const writer = new SegmentWriter(context.apart)
  const { layout, coordinates } = context
  const tensor = tensorLink(writer, layout.config, coordinates)
  for (const action of actions) {
    const stage = layout.stages[action.stage]!
    const place = { stage: action.stage, microbatch: action.microbatch }
    const dims = dimsOf(layout, context.microbatches[action.microbatch]!.length, coordinates.tensor)
    const scope = { writer, context, stage, place, dims, residual: tensor.residual(dims), tensor }
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
  readonly stage: Stage
  readonly place: Place
  readonly dims: OpDims
  /** Sizes on the residual stream: fewer rows under sequence parallelism. */
  readonly residual: OpDims
  readonly tensor: TensorLink
}

const mb = (place: Place, name: string) => `mb${place.microbatch}:${name}`

function local(scope: Scope, stage: number): boolean {
  return scope.context.stageToRank[stage] === scope.context.coordinates.pipeline
}

/** Name of the buffer a stage's output (or the gradient of its input) has on the rank that makes it. */
const edge = (place: Place, stage: number, kind: 'out' | 'dx') => mb(place, `s${stage}.${kind}`)

function loadInputs(scope: Scope, roles: readonly string[]): Record<string, string> {
  const { writer, context, place, dims } = scope
  const R = dims.rows
  const sizes: Record<string, number> = { tokens: R, targets: R, weights: R, segments: 3 * R + 2 }
  const fresh = roles.filter((role) => !writer.touch(mb(place, `in.${role}`)))
  const args = Object.fromEntries(roles.map((role) => [role, mb(place, `in.${role}`)]))
  if (fresh.length === 0) return args
  for (const role of fresh) writer.declare(args[role]!, 'activations', sizes[role]!)
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
    elementBytes: 4,
    direction,
    ...place,
  }
  const spans = [span(name, residual.rows * residual.C)]
  if (kind === 'send') writer.push({ kind, ...shared, source: spans, reads: [name], writes: [] })
  else writer.push({ kind, ...shared, target: spans, reads: [], writes: [name] })
}

/** Input of the stage: the embedding's output, the neighbour's buffer when it is on this rank, else what was received. */
function inputName(scope: Scope): string {
  const { stage, place } = scope
  if (stage.embedding) return mb(place, 'wte.x')
  return local(scope, stage.index - 1) ? outputName(scope, stage.index - 1) : mb(place, `s${stage.index}.in`)
}

function outputName(scope: Scope, stageIndex: number): string {
  const stage = scope.context.layout.stages[stageIndex]!
  if (stage.end > stage.first) return mb(scope.place, `h.${stage.end - 1}.out`)
  return stage.embedding ? mb(scope.place, 'wte.x') : inputName({ ...scope, stage })
}

function blockInput(scope: Scope, block: number): string {
  return block === scope.stage.first ? inputName(scope) : mb(scope.place, `h.${block - 1}.out`)
}

function forward(scope: Scope): void {
  const { writer, context, stage, place, dims, residual, tensor } = scope
  const { recompute } = context.layout.config.parallel
  const input = inputName(scope)
  const elements = residual.rows * residual.C
  if (stage.embedding) {
    const roles = ['tokens', ...(context.forwardOnly ? [] : ['segments'])]
    const { tokens } = loadInputs(scope, stage.head && !context.keepLogits ? [...roles, 'targets', 'weights'] : roles)
    writer.declare(input, 'activations', elements)
    const x = tensor.partialOf(input, dims)
    const args = { tokens: tokens!, wte: 'param:wte.weight', wpe: 'param:wpe.weight', x }
    writer.compute('forward', segment('embedding', 'wte', -1), dims, args, place)
    tensor.sum(input, dims, place, 'embedding')
  } else if (!local(scope, stage.index - 1)) {
    writer.declare(input, context.forwardOnly ? 'communication' : 'activations', elements)
    transfer(scope, 'recv', stage.index - 1, input, 'F')
  }
  let x = input
  for (let block = stage.first; block < stage.end; block++)
    x = blockForward({ writer, block, dims, place, recompute, tensor }, x)
  if (stage.head) {
    const { layers } = context.layout.config.model
    const y = writer.declare(mb(place, 'ln_f.y'), 'activations', elements)
    const stats = writer.declare(mb(place, 'ln_f.stats'), 'activations', residual.rows * 2)
    const args = { x, gamma: 'param:ln_f.weight', beta: 'param:ln_f.bias', y, stats }
    writer.compute('forward', segment('norm', 'ln_f', layers), residual, args, place)
    if (context.forwardOnly) head(scope, null)
  } else if (!local(scope, stage.index + 1)) transfer(scope, 'send', stage.index + 1, x, 'F')
}

/** Logits, loss and, with `half`, their gradient, chunk by chunk; dlogits take the place of the logits. */
function head(scope: Scope, half: 'backward' | 'backwardInput' | null): void {
  const { writer, context, place, dims, tensor } = scope
  const { layers } = context.layout.config.model
  const y = tensor.gather(mb(place, 'ln_f.y'), dims, place, 'head input')
  const wte = headWeight(scope)
  const inputs = context.keepLogits ? {} : loadInputs(scope, ['targets', 'weights'])
  const chunks = headChunks(dims.rows, dims.V)
  const losses = writer.declare(mb(place, 'losses'), 'activations', dims.rows)
  for (const [c, chunk] of chunks.entries()) {
    const part = { ...dims, ...chunk }
    const logits = writer.declare(mb(place, `logits${c}`), 'activations', chunk.rows * dims.V)
    writer.compute('forward', segment('logits', 'head', layers), part, { y, wte, logits }, place)
    if (context.keepLogits) continue
    const sharded = dims.tensor > 1 ? { all: lossStats(scope, part, c, { ...inputs, logits }) } : null
    const args = { ...inputs, ...sharded, logits, losses, lossSum: 'loss' }
    const accumulate = c === chunks.length - 1 && writer.touch('loss')
    writer.compute('forward', segment(sharded ? 'lossSharded' : 'loss', 'loss', layers), part, args, place, accumulate)
    if (half !== null) headGradient(scope, half, c, chunk)
  }
}

/** Each rank's maximum and sum over its vocabulary, gathered: the logits themselves are never exchanged. */
function lossStats(scope: Scope, part: OpDims, c: number, args: Record<string, string>): string {
  const { writer, context, place, tensor } = scope
  const stats = writer.declare(mb(place, `loss.stats${c}`), 'activations', part.rows * 3)
  const ref = segment('lossStats', 'loss', context.layout.config.model.layers)
  writer.compute('forward', ref, part, { logits: args.logits!, targets: args.targets!, stats }, place)
  const all = mb(place, `loss.all${c}`)
  tensor.gatherAll(stats, all, part.rows * 3, place, 'loss statistics')
  return all
}

function headWeight(scope: Scope): string {
  return scope.context.layout.config.model.tied ? 'param:wte.weight' : 'param:lm_head.weight'
}

function headGradient(
  scope: Scope,
  half: 'backward' | 'backwardInput' | 'backwardWeight',
  c: number,
  chunk: { rowStart: number; rows: number },
): void {
  const { writer, context, place, dims, residual, tensor } = scope
  const weight = headWeight(scope)
  const dwte = writer.gradient(weight.replace('param:', ''), dims.V * dims.C, place)
  writer.declare(mb(place, 'ln_f.dy'), 'activations', residual.rows * residual.C)
  const dy = tensor.partialOf(mb(place, 'ln_f.dy'), dims)
  const y = tensor.wholeOf(mb(place, 'ln_f.y'))
  const args = { y, wte: weight, logits: mb(place, `logits${c}`), dy, dwte }
  const accumulate = half !== 'backwardInput' && writer.touch(dwte)
  const ref = segment('logits', 'head', context.layout.config.model.layers)
  writer.compute(half, ref, { ...dims, ...chunk }, args, place, accumulate)
}

function backward(scope: Scope, half: 'backward' | 'backwardInput' | 'backwardWeight'): void {
  const { writer, context, stage, place, dims, residual, tensor } = scope
  const { recompute } = context.layout.config.parallel
  const { layers } = context.layout.config.model
  const elements = residual.rows * residual.C
  let dx: string
  if (stage.head) {
    if (half === 'backwardWeight')
      for (const [c, chunk] of headChunks(dims.rows, dims.V).entries()) headGradient(scope, half, c, chunk)
    else {
      head(scope, half)
      tensor.sum(mb(place, 'ln_f.dy'), dims, place, 'head input gradient')
      const dgamma = writer.gradient('ln_f.weight', dims.C, place)
      const args = {
        dy: mb(place, 'ln_f.dy'),
        x: outputName(scope, stage.index),
        gamma: 'param:ln_f.weight',
        stats: mb(place, 'ln_f.stats'),
        dx: writer.declare(mb(place, 'ln_f.dx'), 'activations', elements),
        dgamma,
        dbeta: writer.gradient('ln_f.bias', dims.C, place),
      }
      writer.compute(half, segment('norm', 'ln_f', layers), residual, args, place, writer.touch(dgamma))
    }
    dx = mb(place, 'ln_f.dx')
  } else if (local(scope, stage.index + 1)) dx = inputGradientName(scope, stage.index + 1)
  else {
    dx = edge(place, stage.index, 'dx')
    if (half !== 'backwardWeight') {
      writer.declare(dx, 'communication', elements)
      transfer(scope, 'recv', stage.index + 1, dx, 'B')
    }
  }
  for (let block = stage.end - 1; block >= stage.first; block--)
    dx = blockBackward({ writer, block, dims, place, recompute, tensor }, half, blockInput(scope, block), dx)
  if (stage.embedding) {
    if (half !== 'backwardInput') embeddingGradient(scope, dx)
  } else if (half !== 'backwardWeight' && !local(scope, stage.index - 1))
    transfer(scope, 'send', stage.index - 1, dx, 'B')
}

/** Name of the gradient with respect to a stage's input, on the rank that computes it. */
function inputGradientName(scope: Scope, stageIndex: number): string {
  const stage = scope.context.layout.stages[stageIndex]!
  if (stage.end > stage.first) return mb(scope.place, `h.${stage.first}.ln_1.dx`)
  if (stage.head) return mb(scope.place, 'ln_f.dx')
  return local(scope, stageIndex + 1) ? inputGradientName(scope, stageIndex + 1) : edge(scope.place, stageIndex, 'dx')
}

function embeddingGradient(scope: Scope, dx: string): void {
  const { writer, context, place, dims, tensor } = scope
  const { context: contextLength } = context.layout.config.model
  const dwte = writer.gradient('wte.weight', dims.V * dims.C, place)
  const dwpe = writer.gradient('wpe.weight', contextLength * dims.C, place)
  const { segments } = loadInputs(scope, ['segments'])
  const all = tensor.gather(dx, dims, place, 'embedding gradient')
  // The token gradient touches only rows that occur: whatever is not written yet starts from zero.
  const fresh = [dwte, dwpe].filter((name) => !writer.touch(name))
  const sizes = { [dwte]: dims.V * dims.C, [dwpe]: contextLength * dims.C }
  if (fresh.length > 0)
    writer.push({
      kind: 'clear',
      stream: COMPUTE,
      spans: fresh.map((name) => span(name, sizes[name]!)),
      reads: [],
      writes: fresh,
      ...place,
    })
  const args = { dx: all, segments: segments!, dwte, dwpe }
  writer.compute('backwardWeight', segment('embedding', 'wte', -1), dims, args, place, true)
}
