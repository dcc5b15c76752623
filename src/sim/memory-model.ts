import { scheduleOf } from '../schedule/registry.ts'
import { STAGING_CHUNK_BYTES, STAGING_CHUNKS } from '../strategy/workspace.ts'
import { orderOf } from './orders.ts'
import type { StepSetup } from './step-setup.ts'
import { blocksPerStage, parametersPerRank } from './stage-sizes.ts'

/** Bytes of one rank at its fullest, by what they are for. */
export interface RankMemory {
  readonly rank: number
  readonly parameters: number
  readonly gradients: number
  readonly optimizer: number
  readonly activations: number
  /** With zero 3: the unit at work and the one gathered ahead. */
  readonly communication: number
  /** Logits and their softmax, f32 copies of gradients, context of the device, buffers of the communication library. */
  readonly workspace: number
  readonly total: number
}

/**
 * Activations of one block kept for its backward, in bytes per rank.
 *   GPT-2 shape, mixed precision, T × T scores in memory (Korthikanti et al., arXiv:2205.05198, Table 2):
 *     tensor-parallel              s·b·h·(10 + 24/t + 5·a·s/(h·t))
 *     and sequence-parallel        s·b·h·(34 + 5·a·s/h)/t
 *     of which dropout's masks and outputs are 2 of the 10 and 3 of the 5;
 *     selective recomputation drops the 5·a·s/h term, full recomputation leaves the input of 2·s·b·h
 *   LLaMA shape, fused attention, two bytes per element, all divided by t under sequence parallelism: two inputs of the
 *   residual stream, two norm outputs (8h), q, k, v and their rotated copies, attention output, and four vectors of the
 *   MLP's width (gate, up, activated gate, product).
 */
export function activationBytesPerBlock(s: StepSetup): number {
  return s.precision === 'f32' ? 2 * halfPrecisionBytes(s) : halfPrecisionBytes(s)
}

function halfPrecisionBytes(s: StepSetup): number {
  const { model, sequence, tensor: t, sequenceParallel, recompute, software } = s
  const { embed: C, heads, kvHeads, headSize, ffn, family } = model
  const [q, kv] = [heads * headSize, kvHeads * headSize]
  const tokens = s.microBatch * sequence
  if (recompute === 'full') return (2 * tokens * C) / (sequenceParallel ? t : 1)
  const dropped = software.dropout > 0
  // Two inputs of the residual stream and two norm outputs; the masks of two dropouts, a byte each.
  const shared = 8 * C + (dropped ? 2 * C : 0)
  // Softmax's output, and with dropout its mask and what is left.
  const scoreBytes = dropped ? 5 : 2
  if (family === 'llama') {
    const split = 2 * (q + 2 * kv) + 2 * (q + kv) + 2 * q + 8 * ffn
    return tokens * (sequenceParallel ? (shared + split) / t : shared + split / t)
  }
  const scores = software.attention === 'fused' || recompute === 'selective' ? 0 : scoreBytes * heads * sequence
  // Of Table 2's 24·h, 8 are as wide as the heads together and 16 are four vectors of the MLP's width, 4·h there.
  const split = 8 * q + 4 * ffn + scores
  return tokens * (sequenceParallel ? (shared + split) / t : shared + split / t)
}

/**
 * What a micro-batch still holds between its input gradient and its weight gradient. Published: 32·s·b·h (Zero Bubble,
 * Table 1): what the products read and the gradients of what they make, 8·h of the residual stream's width, 8 of the heads'
 * and 16, four vectors, of the MLP's (six in LLaMA's). This project's Programs: as much as before; the gradients that products are made of take the place of what the
 * input gradient was the last to read.
 */
function keptForWeights(s: StepSetup, bytes: number): number {
  if (s.precision === 'f32') return bytes
  const { family, embed: C, heads, kvHeads, headSize, ffn } = s.model
  const width = 8 * C + 4 * (heads + kvHeads) * headSize + (family === 'llama' ? 6 : 4) * ffn
  return Math.min(bytes, (s.microBatch * s.sequence * width) / s.tensor)
}

/** What each action of every pipeline rank's order adds to its activations: taken at F, released at B, or at I and W. */
export function activationChanges(s: StepSetup): number[][] {
  const shape = { stages: s.pipeline, microbatches: s.microbatches, chunks: s.chunks }
  const blocks = blocksPerStage(s)
  const block = activationBytesPerBlock(s)
  const weight = keptForWeights(s, block)
  const perBlock = { F: block, B: -block, I: weight - block, W: -weight }
  return orderOf(s.schedule, shape).map((row) => row.map(({ kind, stage }) => blocks[stage]! * perBlock[kind]))
}

/** Most activation bytes each pipeline rank holds. */
function peakActivations(s: StepSetup): number[] {
  return activationChanges(s).map((changes) => {
    let live = 0
    let peak = 0
    for (const change of changes) {
      live += change
      peak = Math.max(peak, live)
    }
    return peak
  })
}

/** Logits held while the loss is computed, and everything outside the framework's own tensors. */
function workspaceBytes(s: StepSetup, hasHead: boolean): number {
  const logits = hasHead ? (s.microBatch * s.sequence * s.model.vocab) / s.tensor : 0
  return Math.min(logits * s.software.logitBytes, s.software.headChunkBytes) + s.software.contextBytes
}

/**
 * Bytes per parameter without sharding (ZeRO, arXiv:1910.02054, section 3.1: 2 + 2 + 12 in mixed precision with AdamW).
 * SGD keeps f32 weights beside its momentum; without momentum it keeps nothing and updates the weights where they are.
 * `copies` is what the framework keeps of gradients beyond that.
 */
export function stateBytes({
  precision,
  moments = 2,
  software,
}: Pick<StepSetup, 'precision' | 'moments' | 'software'>) {
  if (precision === 'f32') return { parameters: 4, gradients: 4, optimizer: 4 * moments, copies: 0 }
  if (moments === 0) return { parameters: 2, gradients: 2, optimizer: 0, copies: 0 }
  return { parameters: 2, gradients: 2, optimizer: 4 + 4 * moments, copies: software.stateBytes.gradients - 2 }
}

/**
 * What a rank keeps between steps of `count` parameters under ZeRO over `data` replicas (arXiv:1910.02054, figure 1): stage 1
 * divides optimizer state, 2 also gradients, 3 also parameters; with offload parameters and state rest in host memory.
 */
export function shardedState(
  count: number,
  bytes: ReturnType<typeof stateBytes>,
  { zero, data, offload = false }: Pick<StepSetup, 'zero' | 'data' | 'offload'>,
): { parameters: number; gradients: number; optimizer: number; copies: number } {
  const share = (stage: number) => (zero >= stage ? 1 / data : 1)
  return {
    parameters: offload ? 0 : count * bytes.parameters * share(3),
    gradients: count * bytes.gradients * share(2),
    optimizer: offload ? 0 : count * bytes.optimizer * share(1),
    copies: count * bytes.copies * share(2),
  }
}

/** With zero 2 here: gradients that wait until their bucket is full and reduced, beside the rank's own share. */
function unreduced({ precision, zero, data, bucketBytes = Infinity }: StepSetup, gradientBytes: number): number {
  return precision === 'f32' && zero === 2 && data > 1 ? Math.min(bucketBytes, gradientBytes) : 0
}

/** Host-visible chunks that gradients pass through on their way between replicas. */
function staging({ precision, data }: StepSetup, gradientBytes: number): number {
  const reaches = precision === 'f32' && data > 1 && gradientBytes > STAGING_CHUNK_BYTES
  return reaches ? STAGING_CHUNKS * STAGING_CHUNK_BYTES : 0
}

/** Memory of every pipeline rank; ranks that differ in data or tensor coordinate hold the same. */
export function memoryOf(s: StepSetup): RankMemory[] {
  const { data: d, zero } = s
  const bytes = stateBytes(s)
  const blocks = blocksPerStage(s)
  const { block, ranks } = parametersPerRank(s)
  // A block recomputed has all its activations for the time of its backward.
  const again =
    s.precision === 'f32' && s.recompute === 'full' ? activationBytesPerBlock({ ...s, recompute: 'none' }) : 0
  const owners = scheduleOf(s.schedule).stageToRank({
    stages: s.pipeline,
    microbatches: s.microbatches,
    chunks: s.chunks,
  })
  const head = owners[blocks.length - 1]
  const gathered = zero === 3 && d > 1 ? 2 * block * bytes.parameters : 0
  return peakActivations(s).map((activations, rank) => {
    const { parameters, gradients, optimizer, copies } = shardedState(ranks[rank]!.parameters, bytes, s)
    const whole = ranks[rank]!.parameters * bytes.gradients
    const kept = gradients + unreduced(s, whole)
    const workspace = workspaceBytes(s, head === rank) + copies + again + staging(s, whole)
    const total = parameters + kept + optimizer + activations + gathered + workspace
    return { rank, parameters, gradients: kept, optimizer, activations, communication: gathered, workspace, total }
  })
}

/** Bytes of the fullest rank. */
export function peakMemory(s: StepSetup): number {
  return memoryOf(s).reduce((most, each) => Math.max(most, each.total), 0)
}
