import type { MemoryChange } from '../../state/fits.ts'

type RecomputeTo = Extract<MemoryChange, { kind: 'recompute' }>['to']

const recompute: Readonly<Record<RecomputeTo, string>> = {
  selective: 'Recomputing attention only',
  full: 'Full recomputation',
}

/** Texts of the strategy panel beside its fields' own. Chinese does not compile while one is missing. */
const en = {
  over: (rank: string, need: string, budget: string) =>
    `Out of memory: rank ${rank} needs ${need}; the budget is ${budget}.`,
  fits: 'What would fit',
  searching: 'Looking for what would fit…',
  nothing: (names: string) => `Nothing that was tried fits: ${names}.`,
  nothingTogether: (count: string) => `Nor do ${count} of them together with full recomputation.`,
  instead: 'Raise the budget, or use a smaller model or batch.',
  least: (name: string, need: string) => `The least is ${need}, with ${name}.`,
  failed: (message: string) => `The search for what would fit failed: ${message}`,
  recompute,
  microbatches: (count: string) => `${count} micro-batches`,
  offload: 'Offloading to the CPU',
  together: ' + ',
  list: ', ',
  needs: (name: string, need: string) => `${name} would need ${need}`,
  take: 'Use it',
  splits: { 'batch.shares': 'Shares of the batch', 'parallel.partition': 'Blocks per stage' },
  takeNamed: (name: string) => `Use it: ${name}`,
}

type Strings<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...args: infer A) => string
      ? (...args: A) => string
      : Strings<T[K]>
}
export type StrategyText = Strings<typeof en>

const zh: StrategyText = {
  over: (rank, need, budget) => `显存不足：rank ${rank} 需要 ${need}，预算为 ${budget}。`,
  fits: '哪些方案放得下',
  searching: '正在寻找放得下的方案…',
  nothing: (names) => `试过的改动都放不下：${names}。`,
  nothingTogether: (count) => `其中 ${count} 种再加上全部重计算也放不下。`,
  instead: '请提高预算，或使用更小的模型或批次。',
  least: (name, need) => `其中最少的是${name}，需要 ${need}。`,
  failed: (message) => `寻找放得下的方案时出错：${message}`,
  recompute: { selective: '仅重计算注意力', full: '全部重计算' },
  microbatches: (count) => `${count} 个微批次`,
  offload: '卸载到 CPU',
  together: ' + ',
  list: '、',
  needs: (name, need) => `${name} 需要 ${need}`,
  take: '使用',
  splits: { 'batch.shares': '批次份额', 'parallel.partition': '各阶段的块数' },
  takeNamed: (name) => `使用：${name}`,
}

export const STRATEGY_TEXT = { en, zh }
