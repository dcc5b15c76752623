import type { SoftwareId } from '../config/names.ts'
import type { RunConfig } from '../config/types.ts'
import type { ElementBytes } from '../core/dtypes.ts'
import { F32_BYTES } from '../core/dtypes.ts'
import type { Reuse } from '../schedule/program.ts'
import type { Trait } from '../model/segment.ts'

/**
 * What training software keeps and when it exchanges, around the same mathematics. One row per software, never per
 * model.
 */
export interface Habits {
  /** Attention with T × T scores in memory, or in one kernel that never writes them. */
  readonly attention: 'fused' | 'materialized'
  /** Dropout probability of activations. */
  readonly dropout: number
  /** Adjacent element-wise kernels are fused. */
  readonly fusedElementwise: boolean
  /** Mixed precision: bytes of an accumulated weight gradient, and of one being reduced. */
  readonly gradientBytes: number
  readonly reducedBytes: number
  /** Mixed precision: the backward's own gradient is kept beside the accumulated one. */
  readonly keepsCopies: boolean
  /** Mixed precision: bytes per logit alive at the loss. */
  readonly logitBytes: number
  /** Most bytes of live logits: longer batches go through the head in chunks of rows. */
  readonly headChunkBytes: number
  /** Device context, communication buffers and allocator overhead, per device. */
  readonly contextBytes: number
  readonly reuse: Reuse
  /** Replicas reduce gradients during the last backward, where the configuration wants it. */
  readonly overlapsReduction: boolean
}

/** Most bytes of logits that this project keeps live on a rank. */
const HEAD_CHUNK_BYTES = 64 * 2 ** 20

const MEGATRON: Habits = {
  attention: 'materialized',
  dropout: 0.1,
  fusedElementwise: true,
  // main_grad in f32, reduced in the precision of the weights: 2 + 4 + 12 bytes per parameter.
  gradientBytes: 4,
  reducedBytes: 2,
  keepsCopies: false,
  // vocab_parallel_cross_entropy casts the logits to f32.
  logitBytes: 6,
  headChunkBytes: Infinity,
  contextBytes: 1e9,
  // PyTorch's caching allocator, without fragmentation.
  reuse: 'any size',
  overlapsReduction: false,
}

/** The times of each are in sim/cost/software.ts. */
const HABITS: Readonly<Record<SoftwareId, Habits>> = {
  /** ZeRO's 2 + 2 + 12 bytes (arXiv:1910.02054, section 3.1); everything else is in the Program. */
  tabcluster: {
    ...MEGATRON,
    attention: 'fused',
    dropout: 0,
    gradientBytes: 2,
    logitBytes: 2,
    headChunkBytes: HEAD_CHUNK_BYTES,
    contextBytes: 0,
    reuse: 'same size',
    overlapsReduction: true,
  },
  /**
   * FlashAttention-2 (arXiv:2307.08691); bias + GELU, residual + norm, rotary and SwiGLU each one kernel; no dropout,
   * as in training GPT-3's successors and LLaMA; gradients accumulated in f32 and reduced in the precision of the
   * weights, as DeepSpeed and llm.c do by default; bf16 logits with their gradient in place.
   */
  modern: { ...MEGATRON, attention: 'fused', dropout: 0, logitBytes: 4, overlapsReduction: true },
  /** Megatron-LM v2 (arXiv:2104.04473) and its documentation's 18 bytes per parameter. */
  'megatron-2021': MEGATRON,
  /** A fork of it (arXiv:2401.10241). */
  'zero-bubble': MEGATRON,
  /** llm-foundry: gradients reduced in f32. */
  'pytorch-fsdp': {
    ...MEGATRON,
    attention: 'fused',
    dropout: 0,
    fusedElementwise: false,
    reducedBytes: 4,
    overlapsReduction: true,
  },
  /** Its FP32GradientAccumulator keeps the bf16 gradients beside f32 ones; its loss keeps 9 bytes per logit (fitted). */
  nanotron: {
    ...MEGATRON,
    attention: 'fused',
    dropout: 0,
    fusedElementwise: false,
    reducedBytes: 4,
    keepsCopies: true,
    logitBytes: 9,
    contextBytes: 2e9,
  },
}

type Said = Pick<RunConfig, 'precision' | 'model' | 'cluster'>

/** The software a configuration is simulated with, independent of the strategy so that layouts can be compared. */
export function softwareIdOf({ precision, cluster }: Pick<Said, 'precision' | 'cluster'>): SoftwareId {
  return cluster.software ?? (precision === 'f32' ? 'tabcluster' : 'modern')
}

/** The software's habits, overridden by the model's attention and dropout. */
export function habitsOf(config: Said): Habits {
  const row = HABITS[softwareIdOf(config)]
  const { attention, dropout } = config.model
  return { ...row, attention: attention ?? row.attention, dropout: dropout ?? row.dropout }
}

export function traitsOf(config: Said): ReadonlySet<Trait> {
  const { attention, dropout, fusedElementwise } = habitsOf(config)
  const traits: Trait[] = []
  if (attention === 'materialized') traits.push('materialized')
  if (dropout > 0) traits.push('dropout')
  if (!fusedElementwise) traits.push('unfused')
  return new Set(traits)
}

/** Element sizes by dtype: weights and activations in half precision; statistics, moments and masters in f32. */
export function elementBytesOf(config: Said): ElementBytes {
  if (config.precision === 'f32') return F32_BYTES
  const { gradientBytes, reducedBytes } = habitsOf(config)
  return { ...F32_BYTES, working: 2, gradient: gradientBytes, reduced: reducedBytes }
}

/**
 * Whether the optimizer updates separate f32 weights. SGD keeps them with its momentum; without one it updates the
 * working weights in place.
 */
export function keepsMasters({ precision, optimizer }: Pick<RunConfig, 'precision' | 'optimizer'>): boolean {
  return precision !== 'f32' && hasMomentum(optimizer)
}

/** Whether every weight has a moment: this project's SGD kernel takes one even where it is unused. */
export function keepsMomentum(config: Said & Pick<RunConfig, 'optimizer'>): boolean {
  return hasMomentum(config.optimizer) || hasOwnKernels(config)
}

function hasMomentum({ kind, momentum }: RunConfig['optimizer']): boolean {
  return kind === 'adamw' || momentum > 0
}

/** Extra bytes per logit that live during the loss. */
export function logitCopyBytes(config: Said): number {
  return config.precision === 'f32' ? 0 : Math.max(0, habitsOf(config).logitBytes - elementBytesOf(config).working)
}

/** Most chunks of a micro-batch in the head: anything that needs more is far above any device's memory. */
const MAX_HEAD_CHUNKS = 1024

/** Rows per chunk of the head, of V logits each. */
export function headChunkRows(config: Said, rows: number, V: number): number {
  const fitting = Math.floor(habitsOf(config).headChunkBytes / (elementBytesOf(config).working * V))
  return Math.max(1, Math.min(rows, Math.max(fitting, Math.ceil(rows / MAX_HEAD_CHUNKS))))
}

/** Whether the kernels are this project's: its parameters, scalars and read-back buffers are part of the Program. */
export function hasOwnKernels(config: Said): boolean {
  return softwareIdOf(config) === 'tabcluster'
}

/** Whether gradients are reduced during the last backward: the configuration wants it, and the software can. */
export function overlapsReduction(config: Said & Pick<RunConfig, 'parallel'>): boolean {
  return config.parallel.overlap && habitsOf(config).overlapsReduction
}

/** Approximate bucket size of the gradient reduction: everything at once for software without overlap. */
export function bucketBytesOf(config: Said & Pick<RunConfig, 'parallel'>): number {
  return habitsOf(config).overlapsReduction ? config.parallel.bucketBytes : Infinity
}
