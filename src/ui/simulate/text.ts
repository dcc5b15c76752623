import { describeCandidate, type LayoutWords } from '../../sim/planner/candidates.ts'
import { explain, type Verdict } from '../../sim/planner/explain.ts'

/** Part of a sentence: words, or a number with where it comes from. */
export type Piece = string | { readonly kind: 'predicted' | 'virtual'; readonly text: string }

const predicted = (text: string): Piece => ({ kind: 'predicted', text })

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

/** Texts of the Simulate place, loaded with it. Chinese does not compile while one is missing. */
const en = {
  title: 'Simulate',
  about: 'The same configurations, clocked on hardware nobody has at home. Every number here is virtual or predicted.',
  stories: {
    'ddp-h100':
      'GPT-2 on one and two H100: tokens/s nearly double and an epoch nearly halves; what is missing are smaller matrix products, the last gradient bucket and an optimizer that every replica runs.',
    'data-parallel':
      'DataParallel keeps the optimizer and everybody’s logits on GPU 0, which needs several times the memory of the others.',
    'llama-naive':
      'LLaMA-2-7B on V100 16 GB: it fits only when split, and with naive model parallelism more devices do not make it faster: one works, the others wait. GPipe and 1F1B let them work at once.',
    'zero-7.5b':
      '7.5 B parameters on 64 devices: 120, 31.4, 16.6 and 1.9 GB of parameters, gradients and optimizer state per device under ZeRO 0 to 3 (Rajbhandari et al., arXiv:1910.02054, figure 1).',
    'gpt3-1024':
      'GPT-3 175B on 1,024 A100: 300 billion tokens take about 34 days (Narayanan et al., arXiv:2104.04473, section 5.1).',
  },
  compareStory: (count: string) => `Compare all ${count}`,
  fields: {
    precision: 'Precision',
    'model.preset': 'Model',
    'batch.global': 'Global batch',
    'batch.microbatches': 'Micro-batches',
    'batch.sequence': 'Sequence',
    'parallel.data': 'Replicas',
    'parallel.tensor': 'Tensor shards',
    'parallel.pipeline': 'Stages',
    'parallel.schedule': 'Schedule',
    'parallel.chunks': 'Chunks',
    'parallel.zero': 'ZeRO stage',
    'parallel.recompute': 'Recompute',
    'parallel.sequenceParallel': 'Sequence parallel',
    'cluster.device': 'Device',
    'cluster.devicesPerNode': 'Devices per node',
    'cluster.intraNode': 'Link in a node',
    'cluster.interNode': 'Link between nodes',
    'cluster.oversubscription': 'Oversubscription',
    'cluster.memoryBytes': 'Memory budget, GB',
  },
  groups: { model: 'Model and batch', parallel: 'Strategy', cluster: 'Cluster' },
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
  said: (field: string, message: string) => `${field}: ${message}`,
  over: (stage: string | null, need: string, device: string, holds: string): readonly Piece[] => [
    `${stage === null ? 'The fullest device' : capital(stage)} needs `,
    predicted(need),
    `; ${device === 'this' ? 'this device' : `a ${device}`} holds ${holds}: this would not run.`,
  ],
  figuresBefore: 'The figures below are those of the configuration before it.',
  reset: 'Back to the default',
  none: 'none',
  computing: 'computing…',
  took: (ms: string) => `clocked in ${ms}`,
  program: 'op by op',
  stages: (software: string) => `stage by stage, with the figures of ${software}`,
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
  /** Kinds of ops and what they work on, in the critical path: "backwardInput mlp". */
  words: {
    optimizerStep: 'optimizer',
    gradNorm: 'gradient norm',
    loadBatch: 'loading the batch',
    backwardInput: 'input gradient',
    backwardWeight: 'weight gradient',
    attentionCore: 'attention (again)',
    attentionResidual: 'attention output',
    mlpResidual: 'MLP output',
    mlp: 'MLP',
    allReduce: 'all-reduce',
    reduceScatter: 'reduce-scatter',
    allGather: 'all-gather',
  },
  explained: (verdict: Verdict, _words: LayoutWords): string => explain(verdict),
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
  layout: 'layout',
  use: 'Use',
  front: 'Memory against speed: nothing clocked is both smaller and faster than one of these',
  dropped: 'Why layouts were dropped',
  layouts: 'layouts clocked',
  frontShort: 'best for their memory',
  present: 'the present configuration',
  clickToUse: 'Click to use it.',
  plotAbout: (clocked: string, front: string) =>
    `Tokens per second over memory of the fullest device: ${clocked} layouts, ${front} of them best for their memory. The tables below hold the same numbers.`,
}

export type SimulateText = {
  readonly [K in keyof typeof en]: K extends 'words'
    ? Readonly<Record<string, string>>
    : (typeof en)[K] extends string
      ? string
      : (typeof en)[K] extends (...args: infer A) => string
        ? (...args: A) => string
        : (typeof en)[K] extends (...args: infer A) => readonly Piece[]
          ? (...args: A) => readonly Piece[]
          : {
              readonly [F in keyof (typeof en)[K]]: (typeof en)[K][F] extends (...args: infer A) => string
                ? (...args: A) => string
                : string
            }
}

const zh: SimulateText = {
  title: '模拟',
  about: '同样的配置，在家里没有的硬件上计时。这里的每个数字都是虚拟的或预测的。',
  stories: {
    'ddp-h100':
      '一块与两块 H100 上的 GPT-2：token/秒几乎翻倍，一轮时间几乎减半；差的那一点是更小的矩阵乘、最后一个梯度桶，以及每个副本都要运行的优化器。',
    'data-parallel': 'DataParallel 把优化器与所有人的 logits 放在 GPU 0 上，它需要的显存是其他设备的数倍。',
    'llama-naive':
      'V100 16 GB 上的 LLaMA-2-7B：只有拆分后才放得下；朴素模型并行下设备再多也不更快：一个工作，其余等待。GPipe 与 1F1B 让它们同时工作。',
    'zero-7.5b':
      '64 个设备上的 75 亿参数：ZeRO 0 到 3 下，每个设备的参数、梯度与优化器状态为 120、31.4、16.6 与 1.9 GB（Rajbhandari 等，arXiv:1910.02054，图 1）。',
    'gpt3-1024': '1,024 块 A100 上的 GPT-3 175B：3000 亿 token 约需 34 天（Narayanan 等，arXiv:2104.04473，5.1 节）。',
  },
  compareStory: (count) => `对比全部 ${count} 个`,
  fields: {
    precision: '精度',
    'model.preset': '模型',
    'batch.global': '全局批次',
    'batch.microbatches': '微批次数',
    'batch.sequence': '序列长度',
    'parallel.data': '副本数',
    'parallel.tensor': '张量分片数',
    'parallel.pipeline': '阶段数',
    'parallel.schedule': '调度',
    'parallel.chunks': '分块数',
    'parallel.zero': 'ZeRO 阶段',
    'parallel.recompute': '重计算',
    'parallel.sequenceParallel': '序列并行',
    'cluster.device': '设备',
    'cluster.devicesPerNode': '每节点设备数',
    'cluster.intraNode': '节点内链路',
    'cluster.interNode': '节点间链路',
    'cluster.oversubscription': '网络超额比',
    'cluster.memoryBytes': '内存预算（GB）',
  },
  groups: { model: '模型与批次', parallel: '策略', cluster: '集群' },
  measure: {
    assumed: (rates) => `未测量：假定为 ${rates}，即一台中等的笔记本电脑。`,
    found: (title, rates, gap, ops) => `${title}：${rates}，核函数间隔 ${gap}；${ops} 种运算已逐一单独计时。`,
    start: '测量本机设备',
    again: '为新的运算计时',
    on: (title) => `本机设备为 ${title}`,
    rates: '正在测量速率…',
    ops: (done, of) => `正在计时第 ${done} / ${of} 种运算`,
    noAdapter: '此浏览器没有可测量的适配器。',
    training: '训练正在进行，会干扰计时。',
    invalid: '配置尚不合法。',
  },
  refused: '此配置被拒绝',
  outOfMemory: '内存不足',
  said: (field, message) => `${field}：${message}`,
  over: (stage, need, device, holds) => [
    `${stage ?? '最满的设备'}需要 `,
    predicted(need),
    `，而 ${device === 'this' ? '本机设备' : device} 只有 ${holds}：这样跑不起来。`,
  ],
  figuresBefore: '下面的数字属于此前的配置。',
  reset: '恢复默认值',
  none: '无',
  computing: '计算中…',
  took: (ms) => `计时用了 ${ms}`,
  program: '逐个操作',
  stages: (software) => `逐个阶段，采用 ${software} 的参数`,
  devices: '设备',
  step: '每步',
  tokens: 'token/秒',
  mfu: 'MFU',
  hfu: 'HFU',
  bubble: '空泡',
  fullest: '最满的设备',
  virtual: '虚拟',
  predicted: '预测',
  nodes: {
    title: '集群',
    about: (nodes, devices, device, inside, between) =>
      `${nodes} 个节点，每个 ${devices} × ${device}，节点内 ${inside}${between === null ? '' : `，节点间 ${between}`}；相同的节点只画一次`,
    node: (count, stages, fullest, capacity) =>
      `${count} × 含阶段 ${stages} 的节点；最满的设备需要 ${capacity} 中的 ${fullest}，预测`,
    stages: (stages) => `阶段 ${stages}`,
    more: (count) => `以及另外 ${count} 种节点`,
  },
  links: {
    title: '一步内链路上的流量，取发送最多的设备，预测',
    of: (axis, ranks) => `${axis}，${ranks} 个 rank`,
    all: (ranks) => `范数与损失，${ranks} 个 rank`,
    inside: (link) => `节点内，${link}`,
    between: (link) => `节点间，${link}`,
  },
  memory: '每个流水线阶段的内存（预测）',
  capacity: (size, isBudget) => (isBudget ? `预算 ${size}` : `设备容量 ${size}`),
  time: '每个流水线阶段的一步时间（虚拟）',
  compute: '计算',
  communication: '通信',
  idle: '空闲',
  stage: (index) => `阶段 ${index}`,
  path: '是什么拖住了这一步',
  words: {
    'forward and backward': '前向与反向',
    'exchanges inside forward and backward': '前向与反向中的通信',
    bubble: '气泡',
    'gradient exchange': '梯度交换',
    framework: '框架',
    optimizerStep: '优化器',
    gradNorm: '梯度范数',
    loadBatch: '加载批次',
    forward: '前向',
    recompute: '重计算',
    backward: '反向',
    backwardInput: '输入梯度',
    backwardWeight: '权重梯度',
    embedding: '嵌入',
    norm: '归一化',
    attention: '注意力',
    attentionCore: '注意力（重算）',
    attentionResidual: '注意力输出',
    mlp: 'MLP',
    mlpResidual: 'MLP 输出',
    logits: 'logits',
    loss: '损失',
    send: '发送',
    broadcast: '广播',
    reduce: '归约',
    gather: '收集',
    scatter: '散发',
    push: '推送',
    pull: '拉取',
    clear: '清零',
    add: '相加',
    encode: '压缩',
    decode: '解压',
    offload: '卸载',
    fetch: '取回',
    report: '报告',
    parameters: '参数',
    gradients: '梯度',
    activations: '激活',
    scalars: '标量',
    allReduce: 'all-reduce',
    reduceScatter: 'reduce-scatter',
    allGather: 'all-gather',
  },
  explained({ winner, budgetBytes, compute, lost, other }, words) {
    const share = (part: number) => `${(100 * part).toFixed(part < 0.1 ? 1 : 0)} %`
    const size = (bytes: number) => `${(bytes / 1e9).toPrecision(3)} GB`
    const to = { exchanges: '无法隐藏的通信', waiting: '等待其他阶段', host: '两步之间的主机' }[lost.to]
    const first = `${describeCandidate(winner.candidate, words)}：每秒 ${Math.round(winner.tokensPerSecond)} 个 token，占用 ${size(budgetBytes)} 中的 ${size(winner.memoryBytes)}；核函数占一步的 ${share(compute)}（峰值的 ${share(winner.mfu)}），损失最大的是${to}，占 ${share(lost.share)}。`
    if (!other) return `${first}这些设备的其他网格都不够接近，未计时。`
    return `${first}次优的网格为${describeCandidate(other.planned.candidate, words)}，慢 ${share(other.slower)}，需要 ${size(other.planned.memoryBytes)}。`
  },
  overTime: '一步之内的显存，虚拟',
  overTimeAbout: (label, peak) => `${label} 在一个虚拟步内按类别的占用；最多 ${peak}。`,
  overTimeOf: '对象',
  cached: '空闲保留',
  time0: '步内时间',
  share: '占比',
  what: '操作',
  table: '表格',
  bars: '条形图',
  sent: '每步字节数',
  plan: '搜索布局',
  planAbout: '把这个模型放到这些设备上的所有方式；放不下的舍去，其余排序。',
  search: '搜索',
  cancel: '取消',
  bounding: (done) => `已查看 ${done} 种布局`,
  clocking: (done, total) => `计时 ${done} / ${total}`,
  found: (candidates, fitting, clocked) =>
    `${candidates} 种布局，${fitting} 种放得下，${clocked} 种已计时。最快的在前：`,
  layout: '布局',
  use: '采用',
  front: '内存与速度：没有已计时的布局比这些既更小又更快',
  dropped: '布局被舍去的原因',
  layouts: '计时过的布局',
  frontShort: '同等显存下最快',
  present: '当前配置',
  clickToUse: '点击采用。',
  plotAbout: (clocked, front) =>
    `每秒 token 数与最满设备的显存：共 ${clocked} 种布局，其中 ${front} 种在其显存下最快。下面的表格是同样的数字。`,
}

export const SIMULATE_TEXT: Readonly<Record<'en' | 'zh', SimulateText>> = { en, zh }
