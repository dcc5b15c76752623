import type { SoftwareId } from '../../config/names.ts'
import { HEAD_CHUNK_BYTES } from '../../strategy/recipes.ts'

/**
 * What a training framework does around the same mathematics: which kernels it fuses, how long its host needs per launch,
 * how it moves gradients. One row per framework, never per model or run. Counted figures say what they count; fitted ones
 * are marked, with the data in docs/validation.md.
 */
export interface Software {
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
  /** Attention with its T × T scores in memory, or in one kernel that never writes them. */
  readonly attention: 'materialized' | 'fused'
  /** Neighbouring element-wise kernels (bias + GELU, bias + dropout + residual, scale + mask + softmax) are one. */
  readonly fusedElementwise: boolean
  /** Share of the activations that dropout takes away; its masks are kept and moved where it is more than 0. */
  readonly dropout: number
  /** Bytes per logit that softmax and cross-entropy move, forward and backward together. */
  readonly lossBytes: number
  /** Products the fused attention's backward runs; 5 at least, 7 where query and key gradients have a kernel each. */
  readonly attentionBackwardProducts: number
  /** Bytes of logits that may live at once: longer batches go through the head in chunks of rows. */
  readonly headChunkBytes: number
  /** Tensor ranks send a share each between stages and gather it there, instead of sending the whole from every rank. */
  readonly scatterGather: boolean
  /** Bytes per parameter that a micro-batch's weight gradient takes to add itself to the total, past its product. */
  readonly accumulateBytes: number
  /** Bytes of a gradient element on the wire. */
  readonly gradientBytes: number
  /** Bytes per parameter the optimizer's step moves through memory. */
  readonly optimizerBytes: number
  /** Kernels the optimizer launches per parameter tensor; 0 where one takes lists of them, as apex's FusedAdam does. */
  readonly optimizerLaunchesPerTensor: number
  /** A stage waits for its messages between two micro-batches instead of computing. */
  readonly blockingSends: boolean
  /** Fitted: with a pipeline and tensor parallelism together, seconds every forward of a block is held up per ring step of
   *  its collectives (the backward twice that), beside its kernels. Seen in nanotron's runs, cause unknown; 0 elsewhere. */
  readonly pipelinedStallSeconds: number
  /** Bytes per parameter of weights, gradients and optimizer state on one rank without sharding. */
  readonly stateBytes: { readonly parameters: number; readonly gradients: number; readonly optimizer: number }
  /** Bytes per logit alive at once at the loss. */
  readonly logitBytes: number
  /** Device context, communication buffers and cached blocks, per rank. */
  readonly contextBytes: number
  /** Replicas reduce gradients while the last backward still runs, where the configuration wants it. */
  readonly overlapsReduction: boolean
  /** Seconds of each iteration outside forward, backward, reduction and optimizer. */
  readonly stepSeconds: number
}

/** Mixed precision as in ZeRO (arXiv:1910.02054): 2 + 2 bytes and 12 for f32 weights and moments. */
const MIXED = { parameters: 2, gradients: 2, optimizer: 12 }
/** The same with an f32 copy of the gradients that micro-batches add to. */
const MIXED_F32_GRADIENTS = { parameters: 2, gradients: 4, optimizer: 12 }

/** A dispatch of this project: a guess between 2 and 10 µs. */
const NATIVE_GAP_SECONDS = 5e-6

const MEGATRON: Software = {
  id: 'megatron-2021',
  title: 'Megatron-LM (2021–2023)',
  hostLaunchSeconds: 56.7e-6,
  tensorMeetingSeconds: 4.2e-6,
  timeFactor: 1,
  attention: 'materialized',
  fusedElementwise: true,
  dropout: 0.1,
  lossBytes: 86,
  attentionBackwardProducts: 5,
  headChunkBytes: Infinity,
  scatterGather: true,
  accumulateBytes: 13.3,
  gradientBytes: 2,
  optimizerBytes: 20,
  optimizerLaunchesPerTensor: 0,
  blockingSends: true,
  pipelinedStallSeconds: 0,
  stateBytes: MIXED_F32_GRADIENTS,
  logitBytes: 6,
  contextBytes: 1e9,
  overlapsReduction: false,
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
    attention: 'fused',
    dropout: 0,
    lossBytes: 16,
    attentionBackwardProducts: 7,
    headChunkBytes: HEAD_CHUNK_BYTES,
    scatterGather: false,
    accumulateBytes: 0,
    optimizerBytes: 28,
    optimizerLaunchesPerTensor: 1,
    blockingSends: false,
    stateBytes: MIXED,
    contextBytes: 0,
    overlapsReduction: true,
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
    // FlashAttention-2 (arXiv:2307.08691): scores stay in the multiprocessor; five products backward.
    attention: 'fused',
    attentionBackwardProducts: 5,
    // Counted: bias + GELU, residual + norm, rotary, SwiGLU, each one kernel.
    fusedElementwise: true,
    // GPT-3's successors and LLaMA train without.
    dropout: 0,
    // Counted: bf16 logits read, their gradient written in place, read by the products after it.
    lossBytes: 6,
    logitBytes: 4,
    headChunkBytes: Infinity,
    // Megatron-LM (arXiv:2104.04473, section 4.1).
    scatterGather: true,
    // Counted: the product adds to the f32 gradient itself.
    accumulateBytes: 0,
    // f32 gradients are reduced as they are, as Megatron-Core and FSDP2 do by default.
    gradientBytes: 4,
    // Counted: f32 gradient 4 read; master weights and two moments 12 read, 12 written; bf16 weights 2 written.
    optimizerBytes: 30,
    // One launch for lists of tensors (PyTorch's fused AdamW).
    optimizerLaunchesPerTensor: 0,
    // Assumption: messages between stages are sent and received beside the kernels.
    blockingSends: false,
    pipelinedStallSeconds: 0,
    stateBytes: MIXED_F32_GRADIENTS,
    // Assumption: device context and communication buffers, as for Megatron-LM.
    contextBytes: 1e9,
    overlapsReduction: true,
    stepSeconds: 0,
  },
  'megatron-2021': MEGATRON,
  /** Weight gradients are added by the product itself; the loss is one kernel. */
  'zero-bubble': {
    ...MEGATRON,
    id: 'zero-bubble',
    title: 'Zero Bubble (a fork of Megatron-LM)',
    timeFactor: 1.09,
    lossBytes: 6,
    accumulateBytes: 0,
  },
  'pytorch-fsdp': {
    ...MEGATRON,
    id: 'pytorch-fsdp',
    title: 'llm-foundry (PyTorch FSDP)',
    hostLaunchSeconds: 32.5e-6,
    timeFactor: 1.13,
    attention: 'fused',
    fusedElementwise: false,
    dropout: 0,
    lossBytes: 40,
    accumulateBytes: 0,
    optimizerBytes: 40,
    gradientBytes: 4,
    blockingSends: false,
    stepSeconds: 5e-3,
  },
  nanotron: {
    ...MEGATRON,
    id: 'nanotron',
    title: 'nanotron',
    hostLaunchSeconds: 64.2e-6,
    timeFactor: 0.94,
    attention: 'fused',
    fusedElementwise: false,
    dropout: 0,
    lossBytes: 50,
    accumulateBytes: 10,
    optimizerBytes: 60,
    gradientBytes: 4,
    pipelinedStallSeconds: 0.99e-3,
    stateBytes: { parameters: 2, gradients: 6, optimizer: 12 },
    logitBytes: 9,
    contextBytes: 2e9,
    stepSeconds: 5e-3,
  },
} as const satisfies Readonly<Record<SoftwareId, Software>>
