/** Texts of the offer of a better split, loaded with it. Chinese does not compile while one is missing. */
const en = {
  uneven: {
    shares: (before: string, after: string) =>
      `The ranks' measured times are uneven. Samples per replica ${after} instead of ${before} would let them finish together:`,
    partition: (before: string, after: string) =>
      `The stages' measured times are uneven. Blocks per stage ${after} instead of ${before} would let them finish together:`,
  },
  gain: (times: string) => `the slowest computes ${times}× faster (predicted).`,
  take: 'Take this split, keep the weights',
  busy: 'Moving the weights …',
  dismiss: 'Not now',
  failed: (message: string) => `That did not work: ${message}`,
}

export type RebalanceText = typeof en

const zh: RebalanceText = {
  uneven: {
    shares: (before, after) =>
      `各 rank 的实测时间不均衡。将每个副本的样本数由 ${before} 改为 ${after},它们就能同时完成:`,
    partition: (before, after) => `各阶段的实测时间不均衡。将每阶段的块数由 ${before} 改为 ${after},它们就能同时完成:`,
  },
  gain: (times) => `最慢者的计算快 ${times} 倍(预测)。`,
  take: '采用此划分,保留权重',
  busy: '正在转移权重 …',
  dismiss: '暂不',
  failed: (message) => `操作失败:${message}`,
}

export const REBALANCE_TEXT = { en, zh } as const
