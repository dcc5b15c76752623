import { describeCandidate, type LayoutWords } from '../../sim/planner/candidates.ts'
import { formatBytes, formatCount, formatPercent } from '../format.ts'
import type { SimulationGroup, SimulationPath } from '../../state/simulation-fields.ts'
import type { Verdict } from '../../sim/planner/explain.ts'
import { predicted, virtual, type TextPart } from './text-part.ts'

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

/** Texts of the Simulate place, loaded with it. */
export const simulateTextEn = {
  title: 'Simulate',
  about: 'The same configurations, clocked on hardware nobody has at home. Every number here is virtual or predicted.',
  stories: {
    'ddp-h100':
      'GPT-2 on one and two H100: tokens/s nearly double and an epoch nearly halves; what is missing are smaller matrix products, the last gradient bucket and an optimizer that every replica runs.',
    'data-parallel':
      'DataParallel keeps the optimizer and everybody’s logits on GPU 0, which needs several times the memory of the others.',
    'llama-naive':
      'LLaMA-2-7B on V100 32 GB: it fits only when split, and with naive model parallelism more devices do not make it faster: one works, the others wait. GPipe and 1F1B let them work at once.',
    'zero-7.5b':
      '7.5 B parameters on 64 devices: 120, 31.4, 16.6 and 1.9 GB of parameters, gradients and optimizer state per device under ZeRO 0 to 3 (Rajbhandari et al., arXiv:1910.02054, figure 1); on top comes what is at work: ZeRO-3 gathers a block and the one after it.',
    'gpt3-1024':
      'GPT-3 175B on 1,024 A100: 300 billion tokens take about 34 days (Narayanan et al., arXiv:2104.04473, section 5.1).',
  },
  compareStory: (count: string) => `Compare all ${count}`,
  fields: {
    precision: 'Precision',
    'model.preset': 'Model',
    'model.family': 'Family',
    'model.layers': 'Layers',
    'model.heads': 'Heads',
    'model.kvHeads': 'Key/value heads',
    'model.embed': 'Width',
    'model.ffn': 'MLP width',
    'model.context': 'Context',
    'model.vocab': 'Vocabulary',
    'optimizer.kind': 'Optimizer',
    'optimizer.momentum': 'Momentum',
    'batch.global': 'Global batch',
    'batch.microbatches': 'Micro-batches',
    'batch.sequence': 'Sequence',
    'parallel.data': 'Replicas',
    'parallel.tensor': 'Tensor shards',
    'parallel.pipeline': 'Stages',
    'parallel.schedule': 'Schedule',
    'parallel.chunks': 'Chunks',
    'parallel.partition': 'Partition',
    'parallel.zero': 'ZeRO stage',
    'parallel.zeroPartition': 'Owned pieces',
    'parallel.fsdp.reshardAfterForward': 'Free after forward',
    'parallel.fsdp.cpuOffload': 'Offload to the CPU',
    'parallel.recompute': 'Recompute',
    'parallel.sequenceParallel': 'Sequence parallel',
    'parallel.dataMode': 'Data mode',
    'parallel.server.at': 'Server on',
    'parallel.compression': 'Compression',
    'parallel.compression.ratio': 'Kept share',
    'parallel.collective': 'Collective',
    'parallel.bucketBytes': 'Bucket, MiB',
    'parallel.overlap': 'Overlap with backward',
    'cluster.device': 'Device',
    'cluster.devicesPerNode': 'Devices per node',
    'cluster.intraNode': 'Link in a node',
    'cluster.interNode': 'Link between nodes',
    'cluster.oversubscription': 'Oversubscription',
    'cluster.memoryBytes': 'Memory budget, GB',
    'cluster.nicsPerNode': 'NICs per node',
    'cluster.hostLink': 'Link to the host',
    'cluster.stragglers': 'Slow rank',
    reliability: 'Simulate failures',
  } satisfies Record<SimulationPath, string>,
  slowdown: 'Times slower',
  groups: {
    model: 'Model and batch',
    shape: 'Shape',
    optimizer: 'Optimizer',
    parallel: 'Strategy',
    exchange: 'Gradient exchange',
    cluster: 'Cluster',
    network: 'Network, slow rank',
    failures: 'Failures, checkpoints',
  } satisfies Record<SimulationGroup, string>,
  failures: {
    hoursBetweenFailures: 'Hours between failures, a device',
    writeGBps: 'Storage takes, GB/s',
    restartSeconds: 'Restart, s',
    summary: (hours: string) => `a device fails every ${hours} h`,
    title: 'What failures leave of it, virtual',
    about: ({ hours, devices, bytes, write }: Record<'hours' | 'devices' | 'bytes' | 'write', string>) =>
      `One of ${devices} devices fails every ${hours} on average. A checkpoint of ${bytes} takes ${write} to write, while training stands still; after a failure training goes on from the last one.`,
    best: (every: string, steps: string, tokens: string) =>
      `of the time is training that counts, with a checkpoint every ${every} (${steps} steps): ${tokens} tokens/s.`,
    chart: (daly: string, share: string) =>
      `Shares of the time over the time between two checkpoints; best near ${daly}, with ${share} of it training that counts.`,
    every: 'a checkpoint every',
    interval: 'interval',
    young: 'Young',
    daly: 'Daly',
    scale: 'The same layout on more devices: each with its best interval',
    goodput: 'training that counts',
    writing: 'writing',
    lost: 'lost work',
    restarting: 'restarting',
  },
  nics: (count: string) => `${count} ${count === '1' ? 'NIC' : 'NICs'}`,
  nicEach: 'NIC per device',
  slowRank: (rank: string, times: string) => `rank ${rank} × ${times}`,
  /** Options without a name in Run. */
  options: {
    this: 'this device',
    'mixed-bf16': 'mixed bf16',
    'mixed-f16': 'mixed f16',
    ddp: 'DDP',
    'data-parallel': 'DataParallel',
    'parameter-server': 'parameter server',
  },
  measure: {
    assumed: (rates: string) => `Not measured: ${rates} are assumed, a mid-range laptop.`,
    found: (title: string, rates: string, gap: string, ops: string) =>
      `${title}: ${rates}, ${gap} from kernel to kernel; ${ops} distinct ops timed alone.`,
    start: 'Measure this device',
    again: 'Time the ops that are new',
    on: (title: string) => `this device is ${title}`,
    rates: 'timing its rates…',
    ops: (done: string, of: string) => `timing op ${done} of ${of}`,
    noAdapter: 'This browser offers no adapter to measure.',
    training: 'A run is training: it would disturb the times.',
    invalid: 'The configuration is not valid yet.',
  },
  refused: 'This configuration is refused',
  outOfMemory: 'Out of memory',
  fieldProblem: (field: string, message: string) => `${field}: ${message}`,
  over: (stage: string | null, need: string, device: string, holds: string): readonly TextPart[] => [
    `${stage === null ? 'The fullest device' : capital(stage)} needs `,
    predicted(need),
    `; ${device === 'this' ? 'this device' : `a ${device}`} holds ${holds}: this would not run.`,
  ],
  figuresBefore: 'The figures below are those of the configuration before it.',
  reset: 'Back to the default',
  none: 'none',
  computing: 'computing…',
  took: (ms: string) => `clocked in ${ms}`,
  how: (software: string) => `op by op, with the figures of ${software}`,
  devices: 'devices',
  step: 'step',
  tokens: 'tokens/s',
  mfu: 'MFU',
  hfu: 'HFU',
  bubble: 'bubble',
  fullest: 'fullest device',
  virtual: 'virtual',
  predicted: 'predicted',
  nodes: {
    title: 'The cluster',
    about: (nodes: string, devices: string, device: string, inside: string, between: string | null) =>
      `${nodes} ${nodes === '1' ? 'node' : 'nodes'} of ${devices} ${device}, ${inside} inside${between === null ? '' : `, ${between} between`}; nodes that do the same are drawn once`,
    node: (count: string, stages: string, fullest: string, capacity: string) =>
      `${count} × a node with stages ${stages}; its fullest device needs ${fullest} of ${capacity}, predicted`,
    stages: (stages: string) => (/^\d+$/.test(stages) ? `stage ${stages}` : `stages ${stages}`),
    more: (count: string) => `and ${count} other kinds of nodes`,
  },
  links: {
    title: 'On the links in a step, by the device that sends most, predicted',
    of: (axis: string, ranks: string) => `${axis}, ${ranks} ranks`,
    all: (ranks: string) => `norm and loss, ${ranks} ranks`,
    inside: (link: string) => `inside a node, ${link}`,
    between: (link: string) => `between nodes, ${link}`,
  },
  memory: 'Memory per pipeline stage, predicted',
  capacity: (size: string, isBudget: boolean) => (isBudget ? `the budget is ${size}` : `the device holds ${size}`),
  time: 'Time of a step per pipeline stage, virtual',
  compute: 'compute',
  communication: 'communication',
  idle: 'idle',
  stage: (index: number) => `stage ${index}`,
  path: 'What holds the step up',
  /** Kinds of ops and segments, in the critical path: "backwardInput mlp". */
  words: {
    optimizerStep: 'optimizer',
    gradNorm: 'gradient norm',
    loadBatch: 'loading the batch',
    backwardInput: 'input gradient',
    backwardWeight: 'weight gradient',
    attentionCore: 'attention (again)',
    tokenEmbedding: 'embedding',
    rmsNorm: 'norm',
    rotaryAttention: 'attention',
    biasResidual: 'residual sum',
    residual: 'residual sum',
    mlp: 'MLP',
    gatedMlp: 'gated MLP',
    allReduce: 'all-reduce',
    reduceScatter: 'reduce-scatter',
    allGather: 'all-gather',
  },
  /** Two sentences: the winner and its limits; the cost of the best of another mesh. */
  explained: ({ winner, budgetBytes, compute, lost, other }: Verdict, words: LayoutWords): readonly TextPart[] => {
    const to = {
      exchanges: 'exchanges that nothing hides',
      waiting: 'stages that wait for others',
      host: 'the host between two steps',
    }[lost.to]
    return [
      `${describeCandidate(winner.candidate, words)} trains at `,
      virtual(`${formatCount(winner.tokensPerSecond)} tokens/s`),
      ' in ',
      predicted(formatBytes(winner.memoryBytes)),
      ` of ${formatBytes(budgetBytes)}: kernels take `,
      virtual(formatPercent(compute)),
      ' of the step (',
      virtual(formatPercent(winner.mfu)),
      ` of the peak), and the largest loss is to ${to} with `,
      virtual(formatPercent(lost.share)),
      '. ',
      ...(other
        ? [
            `The best other mesh, ${describeCandidate(other.planned.candidate, words)}, is `,
            virtual(formatPercent(other.slower)),
            ' slower and needs ',
            predicted(formatBytes(other.planned.memoryBytes)),
            '.',
          ]
        : ['No other mesh of these devices came near enough to be clocked.']),
    ]
  },
  overTime: 'Memory over the step, virtual',
  overTimeAbout: (label: string, peak: string) =>
    `Live bytes of ${label} by category over one virtual step; at most ${peak}.`,
  overTimeOf: 'Of',
  cached: 'kept free',
  time0: 'time in the step',
  share: 'share',
  what: 'ops',
  table: 'Table',
  bars: 'Bars',
  sent: 'bytes per step',
  plan: 'Search the layouts',
  planAbout: 'All ways to lay this model over these devices; what does not fit is dropped, the rest is ranked.',
  search: 'Search',
  cancel: 'Cancel',
  bounding: (done: string) => `${done} layouts looked at`,
  clocking: (done: string, total: string) => `clocking ${done} of ${total}`,
  found: (candidates: string, fitting: string, clocked: string) =>
    `${candidates} layouts, ${fitting} fit, ${clocked} clocked. Fastest first:`,
  showAll: (count: string) => `Show all ${count}`,
  showFirst: (count: string) => `Show the first ${count}`,
  layout: 'layout',
  use: 'Use',
  front: 'Memory against speed: nothing clocked is both smaller and faster than one of these',
  dropped: 'Why layouts were dropped',
  layouts: 'layouts clocked',
  frontShort: 'best for their memory',
  present: 'the present configuration',
  clickToUse: 'Click to use it.',
  plotAbout: (clocked: string, front: string) =>
    `Tokens per second over memory of the fullest device: ${clocked} layouts, ${front} of them best for their memory. The table below has all of them.`,
}

/** The texts of the Simulate place in a language: one that lacks a text does not compile. */
export type SimulateText = {
  readonly [K in keyof typeof simulateTextEn]: K extends 'words' | 'options'
    ? Readonly<Record<string, string>>
    : (typeof simulateTextEn)[K] extends string
      ? string
      : (typeof simulateTextEn)[K] extends (...args: infer A) => string
        ? (...args: A) => string
        : (typeof simulateTextEn)[K] extends (...args: infer A) => readonly TextPart[]
          ? (...args: A) => readonly TextPart[]
          : {
              readonly [F in keyof (typeof simulateTextEn)[K]]: (typeof simulateTextEn)[K][F] extends (
                ...args: infer A
              ) => string
                ? (...args: A) => string
                : string
            }
}
