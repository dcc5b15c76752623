import type { RunConfig } from '../../config/types.ts'
import type { SoftwareId } from '../../config/names.ts'
import { habitsOf, softwareIdOf, type Habits } from '../../strategy/recipes.ts'

/**
 * How long a training framework takes around the same mathematics; what it keeps and when it exchanges are its habits
 * (strategy/recipes.ts). One row per framework, never per model or run. Counted figures say what they count; fitted ones are
 * marked, with the data in docs/validation.md.
 */
interface Figures {
  readonly title: string
  readonly id: SoftwareId
  /** Fitted: seconds the host needs per counted kernel, its Python and the small kernels around it included. */
  readonly hostLaunchSeconds: number
  /** Fitted: seconds the hosts need per collective of a tensor group and ring step: they launch on their own, and the
   *  slowest of them is waited for. */
  readonly tensorMeetingSeconds: number
  /** Fitted: all kernels take this many times as long as on the architecture's calibration. */
  readonly timeFactor: number
  /** From one kernel to the next where every kernel is counted; absent: what was fitted for the architecture, which has
   *  the framework's uncounted small kernels in it. */
  readonly kernelGapSeconds?: number
  /** Bytes per logit that softmax and cross-entropy move, forward and backward together. */
  readonly lossBytes: number
  /** Products the fused attention's backward runs; 5 at least, 7 where query and key gradients have a kernel each. */
  readonly attentionBackwardProducts: number
  /** Tensor ranks send a share each between stages and gather it there, instead of sending the whole from every rank. */
  readonly scatterGather: boolean
  /** Bytes per parameter that a micro-batch's weight gradient takes to add itself to the total, past its product. */
  readonly accumulateBytes: number
  /** Bytes per parameter the optimizer's step moves through memory. */
  readonly optimizerBytes: number
  /** Kernels the optimizer launches per parameter tensor; 0 where one takes lists of them, as apex's FusedAdam does. */
  readonly optimizerLaunchesPerTensor: number
  /** A stage waits for its messages between two micro-batches instead of computing. */
  readonly blockingSends: boolean
  /** Fitted: with a pipeline and tensor parallelism together, seconds every forward of a block is held up per ring step of
   *  its collectives (the backward twice that), beside its kernels. Seen in nanotron's runs, cause unknown; 0 elsewhere. */
  readonly pipelinedStallSeconds: number
  /** Seconds of each iteration outside forward, backward, reduction and optimizer. */
  readonly stepSeconds: number
}

/** A framework's habits and how long they take. */
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
  /** Kernels of this project or any like it: attention fused, no host in the way. */
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
   * What trainings are made of today, whatever the strategy and the family, so that layouts can be compared. Nothing in this
   * row is fitted: each figure is counted, or a stated assumption. Held against llm.c's runs (test/unit/sim/software.test.ts).
   */
  modern: {
    id: 'modern',
    title: 'modern kernels',
    // Assumption: about what a launch costs the host where nothing but launches is left to it (a compiled step).
    hostLaunchSeconds: 5e-6,
    // Assumption: hosts that only launch are never waited for.
    tensorMeetingSeconds: 0,
    // Assumption: the architecture's calibration is right as it is.
    timeFactor: 1,
    // Assumption: every kernel is counted, and they follow each other as fast as a stream starts them.
    kernelGapSeconds: 2e-6,
    // FlashAttention-2 (arXiv:2307.08691).
    attentionBackwardProducts: 5,
    // Counted: bf16 logits read, their gradient written in place, read by the products after it.
    lossBytes: 6,
    // Megatron-LM (arXiv:2104.04473, section 4.1).
    scatterGather: true,
    // Counted: the product adds to the f32 gradient itself.
    accumulateBytes: 0,
    // Counted: f32 gradient 4 read; master weights and two moments 12 read, 12 written; bf16 weights 2 written.
    optimizerBytes: 30,
    // One launch for lists of tensors (PyTorch's fused AdamW).
    optimizerLaunchesPerTensor: 0,
    // Assumption: messages between stages are sent and received beside the kernels.
    blockingSends: false,
    pipelinedStallSeconds: 0,
    stepSeconds: 0,
  },
  'megatron-2021': MEGATRON,
  /** Weight gradients are added by the product itself; the loss is one kernel. */
  'zero-bubble': {
    ...MEGATRON,
    id: 'zero-bubble',
    title: 'Zero Bubble (a fork of Megatron-LM)',
    // Fitted on the 1.5B rows: 1.115 to 1.12 fit them alike, and this one keeps the order of schedules.
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

/** The software a configuration is simulated with; it depends on no strategy, so that layouts can be compared. */
export function softwareOf(config: Pick<RunConfig, 'precision' | 'model' | 'cluster'>): Software {
  return { ...SOFTWARE[softwareIdOf(config)], ...habitsOf(config) }
}
