/** Ids of CONTRACT's cluster block; the figures behind them are in sim/hardware.ts. */
export const DEVICE_IDS = [
  'this',
  'v100-16gb',
  'v100-32gb',
  'a100-40gb',
  'a100-80gb',
  'h100-80gb',
  'h200-141gb',
  'b200-192gb',
  'p40',
  't4',
  'rtx3090',
  'rtx4090',
  'm1-max',
  'm2-max',
  'm3-max',
  'tpu-v3',
] as const

export const INTRA_NODE_LINKS = ['nvlink2', 'nvlink3', 'nvlink4', 'nvlink5', 'pcie3', 'pcie4', 'pcie5'] as const
export const INTER_NODE_LINKS = [
  'ib-edr100',
  'ib-hdr200',
  'ib-ndr400',
  'ib-xdr800',
  'eth-10g',
  'eth-25g',
  'eth-100g',
  'eth-200g',
  'eth-400g',
] as const
export const HOST_LINKS = ['pcie3', 'pcie4', 'pcie5'] as const

export const CORPUS_NAMES = ['translation-de-en', 'addition', 'sorting', 'brackets'] as const
export const TOKENIZERS = ['byte', 'char', 'bpe', 'gpt2'] as const
export const SCHEDULE_IDS = ['naive', 'gpipe', '1f1b', 'interleaved-1f1b', 'zb-h1', 'zb-h2', 'zb-v'] as const

/** Training software whose figures the simulator has; they are in sim/cost/software.ts. */
export const SOFTWARE_IDS = [
  'tabcluster',
  'modern',
  'megatron-2021',
  'zero-bubble',
  'pytorch-fsdp',
  'nanotron',
] as const
export type SoftwareId = (typeof SOFTWARE_IDS)[number]
