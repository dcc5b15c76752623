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

/** Bytes of logits that may live at once on a rank: longer batches go through the head in chunks of rows. */
export const HEAD_CHUNK_BYTES = 64 * 2 ** 20

export interface LoweredRank {
  readonly ops: readonly OpDraft[]
  readonly writer: SegmentWriter
}

export interface ActionContext {
  readonly layout: Layout
  readonly tensorIndex: number
  /** Sample indices of each micro-batch of this replica. */
  readonly microbatches: readonly (readonly number[])[]
  /** Pipeline rank of every virtual stage, and the rank number of a pipeline rank beside this one. */
  readonly stageToRank: readonly number[]
  readonly pipelineRank: number
  readonly rankOf: (pipelineRank: number) => number
  /** Evaluation and generation: forward only, the loss without its gradient being used. */
  readonly forwardOnly: boolean
  /** Generation: logits of every row are kept instead of a loss. */
  readonly keepLogits?: boolean
}

/** The rows of the head's chunks for `rows` rows of `V` logits. */
export function headChunks(rows: number, V: number): { rowStart: number; rows: number }[] {
  const each = Math.max(1, Math.min(rows, Math.floor(HEAD_CHUNK_BYTES / (4 * V))))
  return Array.from({ length: Math.ceil(rows / each) }, (_, i) => ({
    rowStart: i * each,
    rows: Math.min(each, rows - i * each),
  }))
}

/** Stage-level actions of one pipeline rank → segment ops with sends and receives at the stage's edges. */
export function lowerActions(actions: readonly Action[], context: ActionContext): SegmentWriter {
  const writer = new SegmentWriter()
  for (const action of actions) {
    const stage = context.layout.stages[action.stage]!
    const place = { stage: action.stage, microbatch: action.microbatch }
    const dims = dimsOf(context.layout, context.microbatches[action.microbatch]!.length, context.tensorIndex)
    const scope = { writer, context, stage, place, dims }
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
}

const mb = (place: Place, name: string) => `mb${place.microbatch}:${name}`

function local(scope: Scope, stage: number): boolean {
  return scope.context.stageToRank[stage] === scope.context.pipelineRank
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
  const { writer, context, place, dims, stage } = scope
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
  const spans = [span(name, dims.rows * dims.C)]
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
  const { writer, context, stage, place, dims } = scope
  const { recompute } = context.layout.config.parallel
  const input = inputName(scope)
  const elements = dims.rows * dims.C
  if (stage.embedding) {
    const roles = ['tokens', ...(context.forwardOnly ? [] : ['segments'])]
    const { tokens } = loadInputs(scope, stage.head && !context.keepLogits ? [...roles, 'targets', 'weights'] : roles)
    writer.declare(input, 'activations', elements)
    const args = { tokens: tokens!, wte: 'param:wte.weight', wpe: 'param:wpe.weight', x: input }
    writer.compute('forward', segment('embedding', 'wte', -1), dims, args, place)
  } else if (!local(scope, stage.index - 1)) {
    writer.declare(input, context.forwardOnly ? 'communication' : 'activations', elements)
    transfer(scope, 'recv', stage.index - 1, input, 'F')
  }
  let x = input
  for (let block = stage.first; block < stage.end; block++)
    x = blockForward({ writer, block, dims, place, recompute }, x)
  if (stage.head) {
    const { layers } = context.layout.config.model
    const y = writer.declare(mb(place, 'ln_f.y'), 'activations', elements)
    const stats = writer.declare(mb(place, 'ln_f.stats'), 'activations', dims.rows * 2)
    const args = { x, gamma: 'param:ln_f.weight', beta: 'param:ln_f.bias', y, stats }
    writer.compute('forward', segment('norm', 'ln_f', layers), dims, args, place)
    if (context.forwardOnly) head(scope, null)
  } else if (!local(scope, stage.index + 1)) transfer(scope, 'send', stage.index + 1, x, 'F')
}

/** Logits, loss and, with `half`, their gradient, chunk by chunk; dlogits take the place of the logits. */
function head(scope: Scope, half: 'backward' | 'backwardInput' | null): void {
  const { writer, context, place, dims } = scope
  const { layers, vocab } = context.layout.config.model
  const y = mb(place, 'ln_f.y')
  const wte = headWeight(scope)
  const inputs = context.keepLogits ? {} : loadInputs(scope, ['targets', 'weights'])
  const chunks = headChunks(dims.rows, dims.V)
  const losses = writer.declare(mb(place, 'losses'), 'activations', dims.rows)
  void vocab
  for (const [c, chunk] of chunks.entries()) {
    const part = { ...dims, ...chunk }
    const last = c === chunks.length - 1
    const logits = writer.declare(mb(place, `logits${c}`), 'activations', chunk.rows * dims.V)
    writer.compute('forward', segment('logits', 'head', layers), part, { y, wte, logits }, place)
    if (context.keepLogits) continue
    const args = { ...inputs, logits, losses, lossSum: 'loss' }
    writer.compute('forward', segment('loss', 'loss', layers), part, args, place, last && writer.touch('loss'))
    if (half !== null) headGradient(scope, half, c, chunk)
  }
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
  const { writer, context, place, dims } = scope
  const weight = headWeight(scope)
  const dwte = writer.declare(weight.replace('param:', 'grad:'), 'gradients', dims.V * dims.C)
  const dy = writer.declare(mb(place, 'ln_f.dy'), 'activations', dims.rows * dims.C)
  const args = { y: mb(place, 'ln_f.y'), wte: weight, logits: mb(place, `logits${c}`), dy, dwte }
  const accumulate = half !== 'backwardInput' && writer.touch(dwte)
  const ref = segment('logits', 'head', context.layout.config.model.layers)
  writer.compute(half, ref, { ...dims, ...chunk }, args, place, accumulate)
}

function backward(scope: Scope, half: 'backward' | 'backwardInput' | 'backwardWeight'): void {
  const { writer, context, stage, place, dims } = scope
  const { recompute } = context.layout.config.parallel
  const { layers } = context.layout.config.model
  const elements = dims.rows * dims.C
  let dx: string
  if (stage.head) {
    if (half === 'backwardWeight')
      for (const [c, chunk] of headChunks(dims.rows, dims.V).entries()) headGradient(scope, half, c, chunk)
    else {
      head(scope, half)
      const dgamma = writer.declare('grad:ln_f.weight', 'gradients', dims.C)
      const args = {
        dy: mb(place, 'ln_f.dy'),
        x: outputName(scope, stage.index),
        gamma: 'param:ln_f.weight',
        stats: mb(place, 'ln_f.stats'),
        dx: writer.declare(mb(place, 'ln_f.dx'), 'activations', elements),
        dgamma,
        dbeta: writer.declare('grad:ln_f.bias', 'gradients', dims.C),
      }
      writer.compute(half, segment('norm', 'ln_f', layers), dims, args, place, writer.touch(dgamma))
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
    dx = blockBackward({ writer, block, dims, place, recompute }, half, blockInput(scope, block), dx)
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
  return local(scope, stageIndex + 1)
    ? inputGradientName(scope, stageIndex + 1)
    : edge(scope.place, stageIndex, 'dx')
}

function embeddingGradient(scope: Scope, dx: string): void {
  const { writer, context, place, dims } = scope
  const { context: contextLength } = context.layout.config.model
  const dwte = writer.declare('grad:wte.weight', 'gradients', dims.V * dims.C)
  const dwpe = writer.declare('grad:wpe.weight', 'gradients', contextLength * dims.C)
  const { segments } = loadInputs(scope, ['segments'])
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
  const args = { dx, segments: segments!, dwte, dwpe }
  writer.compute('backwardWeight', segment('embedding', 'wte', -1), dims, args, place, true)
}
