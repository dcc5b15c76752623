import type { RunConfig } from '../../config/types.ts'
import type { SoftwareId } from '../../config/names.ts'
import { habitsOf, softwareIdOf, type Habits } from '../../strategy/recipes.ts'

/**
 * Time overheads of training frameworks around the same mathematics; what they keep and when they exchange are their
 * habits (strategy/recipes.ts). One row per framework, never per model or run. Counted figures say what they count;
 * fitted ones are marked, with the data in docs/validation.md.
 */
interface Figures {
  readonly title: string
  readonly id: SoftwareId
  /** Fitted: host seconds per counted kernel, including Python and the small kernels around it. */
  readonly hostLaunchSeconds: number
  /**
   * Fitted: host seconds per collective of a tensor group and ring step: hosts launch independently, and the slowest is
   * waited for.
   */
  readonly tensorMeetingSeconds: number
  /** Fitted: factor on all kernel times relative to the architecture's calibration. */
  readonly timeFactor: number
  /**
   * Gap between kernels where every kernel is counted; absent: the architecture's fitted gap, which includes the
   * framework's uncounted small kernels.
   */
  readonly kernelGapSeconds?: number
  /** Bytes per logit moved by softmax and cross-entropy, forward and backward together. */
  readonly lossBytes: number
  /** Products in the fused attention's backward: at least 5; 7 with separate kernels for query and key gradients. */
  readonly attentionBackwardProducts: number
  /** Tensor ranks each send a share between stages and gather it there, instead of all sending the whole. */
  readonly scatterGather: boolean
  /** Bytes per parameter for adding a micro-batch's weight gradient to the total, beyond its product. */
  readonly accumulateBytes: number
  /** Bytes per parameter that the optimizer step moves through memory. */
  readonly optimizerBytes: number
  /** Optimizer kernels per parameter tensor; 0 where one takes lists of them, as apex's FusedAdam does. */
  readonly optimizerLaunchesPerTensor: number
  /** A stage blocks on its messages between two micro-batches instead of computing. */
  readonly blockingSends: boolean
  /**
   * Fitted: with pipeline and tensor parallelism combined, extra seconds per block forward and ring step of its
   * collectives (twice that in the backward). Seen in nanotron's runs, cause unknown; 0 elsewhere.
   */
  readonly pipelinedStallSeconds: number
  /** Seconds of each iteration outside forward, backward, reduction and optimizer. */
  readonly stepSeconds: number
}

/** A framework's habits and its overheads. */
export type Software = Figures & Habits

/** A dispatch of this project: a guess between 2 and 10 µs. */
const NATIVE_GAP_SECONDS = 5e-6

const MEGATRON: Figures = {
  id: 'megatron-2021',
  title: 'Megatron-LM (2021–2023)',
  hostLaunchSeconds: 56.7e-6,
  tensorMeetingSeconds: 4.2e-6,
  timeFactor: 1,
  lossBytes: 86,
  attentionBackwardProducts: 5,
  scatterGather: true,
  accumulateBytes: 13.3,
  optimizerBytes: 20,
  optimizerLaunchesPerTensor: 0,
  blockingSends: true,
  pipelinedStallSeconds: 0,
  stepSeconds: 1.3e-3,
}

export const SOFTWARE = {
  /** Kernels of this project and similar: attention fused, no host overhead. */
  tabcluster: {
    ...MEGATRON,
    id: 'tabcluster',
    title: 'TabCluster',
    hostLaunchSeconds: 5e-6,
    kernelGapSeconds: NATIVE_GAP_SECONDS,
    lossBytes: 16,
    attentionBackwardProducts: 7,
    scatterGather: false,
    accumulateBytes: 0,
    optimizerBytes: 28,
    optimizerLaunchesPerTensor: 1,
    blockingSends: false,
    stepSeconds: 0,
  },
  /**
   * A typical stack of today, independent of strategy and family, so that layouts can be compared. Nothing in this row
   * is fitted: each figure is counted, or a stated assumption. Compared with llm.c's runs
   * (test/unit/sim/software.test.ts).
   */
  modern: {
    id: 'modern',
    title: 'modern kernels',
    // Assumption: host cost of a launch where the host only launches (a compiled step).
    hostLaunchSeconds: 5e-6,
    // Assumption: such hosts are never waited for.
    tensorMeetingSeconds: 0,
    // Assumption: the architecture's calibration applies unchanged.
    timeFactor: 1,
    // Assumption: every kernel is counted, and they follow each other as fast as a stream starts them.
    kernelGapSeconds: 2e-6,
    // FlashAttention-2 (arXiv:2307.08691).
    attentionBackwardProducts: 5,
    // Counted: bf16 logits read, their gradient written in place, read by the products after it.
    lossBytes: 6,
    // Megatron-LM (arXiv:2104.04473, section 4.1).
    scatterGather: true,
    // Counted: the product adds to the f32 gradient directly.
    accumulateBytes: 0,
    // Counted: f32 gradient 4 read; master weights and two moments 12 read, 12 written; bf16 weights 2 written.
    optimizerBytes: 30,
    // One launch for lists of tensors (PyTorch's fused AdamW).
    optimizerLaunchesPerTensor: 0,
    // Assumption: messages between stages overlap with kernels.
    blockingSends: false,
    pipelinedStallSeconds: 0,
    stepSeconds: 0,
  },
  'megatron-2021': MEGATRON,
  /** Weight gradients are accumulated by the product itself; the loss is one kernel. */
  'zero-bubble': {
    ...MEGATRON,
    id: 'zero-bubble',
    title: 'Zero Bubble (a fork of Megatron-LM)',
    // Fitted on the 1.5B rows: 1.115 to 1.12 fit equally well; this value preserves the order of schedules.
    timeFactor: 1.12,
    lossBytes: 6,
    accumulateBytes: 0,
  },
  'pytorch-fsdp': {
    ...MEGATRON,
    id: 'pytorch-fsdp',
    title: 'llm-foundry (PyTorch FSDP)',
    hostLaunchSeconds: 32.5e-6,
    timeFactor: 1.13,
    lossBytes: 40,
    accumulateBytes: 0,
    optimizerBytes: 40,
    blockingSends: false,
    stepSeconds: 5e-3,
  },
  nanotron: {
    ...MEGATRON,
    id: 'nanotron',
    title: 'nanotron',
    hostLaunchSeconds: 64.2e-6,
    timeFactor: 0.94,
    lossBytes: 50,
    accumulateBytes: 10,
    optimizerBytes: 60,
    pipelinedStallSeconds: 0.99e-3,
    stepSeconds: 5e-3,
  },
} as const satisfies Readonly<Record<SoftwareId, Figures>>

/** The software a configuration is simulated with, independent of the strategy so that layouts can be compared. */
export function softwareOf(config: Pick<RunConfig, 'precision' | 'model' | 'cluster'>): Software {
  return { ...SOFTWARE[softwareIdOf(config)], ...habitsOf(config) }
}
