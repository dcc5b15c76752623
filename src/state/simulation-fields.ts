import { DEVICE_IDS, HOST_LINKS, INTER_NODE_LINKS, INTRA_NODE_LINKS, SCHEDULE_IDS } from '../config/names.ts'
import type { RunConfig } from '../config/types.ts'
import { MODEL_PRESET_NAMES } from '../model/presets.ts'
import type { DraftValue } from './draft-path.ts'
import { FIELD_SPECS } from './fields.ts'

/** How a field of the Simulate place is edited. */
export type SimulationField = (
  | {
      readonly kind: 'number'
      readonly min: number
      readonly max: number
      /** Value = displayed · scale. */
      readonly scale?: number
      /** Not rounded. */
      readonly fraction?: boolean
      /** An empty box means null. */
      readonly nullable?: boolean
    }
  /** `values` has an option's value where it differs from its name; `ids` are shown as they are. */
  | {
      readonly kind: 'choice'
      readonly options: readonly string[]
      readonly values?: Readonly<Record<string, DraftValue>>
      readonly ids?: boolean
    }
  | { readonly kind: 'switch' }
  /** A rank and its slowdown factor. */
  | { readonly kind: 'straggler' }
  /** A switch, and the numbers of what it switches on. */
  | { readonly kind: 'failures' }
) & {
  /** Where it has an effect; always, if absent. What a draft sets is always shown: it may be the problem. */
  readonly when?: (config: RunConfig) => boolean
}

const count = (max: number): SimulationField => ({ kind: 'number', min: 1, max })
const ids = (options: readonly string[]): SimulationField => ({ kind: 'choice', options, ids: true })
const numbers = (options: readonly string[]): SimulationField => ({
  kind: 'choice',
  options,
  values: Object.fromEntries(options.map((option) => [option, Number(option)])),
  ids: true,
})

const takesChunks = ({ parallel: { schedule } }: RunConfig) => schedule === 'interleaved-1f1b' || schedule === 'zb-v'
const hasServer = ({ parallel }: RunConfig) => parallel.dataMode === 'parameter-server'
const isFsdp = ({ parallel }: RunConfig) => parallel.zero === 3

export const SIMULATION_FIELDS = {
  model: {
    'model.preset': ids(MODEL_PRESET_NAMES),
    precision: { kind: 'choice', options: ['f32', 'mixed-bf16', 'mixed-f16'] },
    'batch.global': count(65_536),
    'batch.microbatches': count(4096),
    'batch.sequence': count(131_072),
  },
  shape: {
    'model.family': {
      kind: 'choice',
      options: ['GPT-2', 'LLaMA'],
      values: { 'GPT-2': 'gpt2', LLaMA: 'llama' },
      ids: true,
    },
    'model.layers': count(1024),
    'model.heads': count(1024),
    'model.kvHeads': { ...count(1024), when: ({ model }) => model.family === 'llama' },
    'model.embed': count(65_536),
    'model.ffn': count(262_144),
    'model.context': count(131_072),
    'model.vocab': count(1_000_000),
  },
  optimizer: {
    'optimizer.kind': FIELD_SPECS['optimizer.kind'],
    'optimizer.momentum': {
      kind: 'number',
      min: 0,
      max: 1,
      fraction: true,
      when: ({ optimizer }) => optimizer.kind === 'sgd',
    },
  },
  parallel: {
    'parallel.data': count(65_536),
    'parallel.tensor': count(1024),
    'parallel.pipeline': count(1024),
    'parallel.schedule': { kind: 'choice', options: SCHEDULE_IDS },
    'parallel.chunks': { ...count(64), when: takesChunks },
    'parallel.partition': { ...FIELD_SPECS['parallel.partition'], when: ({ parallel }) => parallel.pipeline > 1 },
    'parallel.zero': FIELD_SPECS['parallel.zero'],
    'parallel.zeroPartition': { ...FIELD_SPECS['parallel.zeroPartition'], when: ({ parallel }) => parallel.zero > 0 },
    'parallel.fsdp.reshardAfterForward': { kind: 'switch', when: isFsdp },
    'parallel.fsdp.cpuOffload': { kind: 'switch', when: isFsdp },
    'parallel.recompute': FIELD_SPECS['parallel.recompute'],
    'parallel.sequenceParallel': { kind: 'switch' },
  },
  exchange: {
    'parallel.dataMode': { kind: 'choice', options: ['ddp', 'data-parallel', 'parameter-server'] },
    'parallel.server.at': { ...FIELD_SPECS['parallel.server.at'], when: hasServer },
    'parallel.compression': FIELD_SPECS['parallel.compression'],
    'parallel.compression.ratio': {
      kind: 'number',
      min: 0.000001,
      max: 1,
      fraction: true,
      when: ({ parallel }) => parallel.compression.kind === 'topk',
    },
    'parallel.collective': FIELD_SPECS['parallel.collective'],
    'parallel.bucketBytes': { kind: 'number', min: 0.01, max: 1024, scale: 2 ** 20 },
    'parallel.overlap': { kind: 'switch' },
  },
  cluster: {
    'cluster.device': ids(DEVICE_IDS),
    'cluster.devicesPerNode': count(1024),
    'cluster.intraNode': ids(INTRA_NODE_LINKS),
    'cluster.interNode': ids(INTER_NODE_LINKS),
    'cluster.oversubscription': numbers(['1', '2', '3', '4', '8']),
    'cluster.memoryBytes': { kind: 'number', min: 0.1, max: 1000, scale: 1e9, nullable: true },
  },
  network: {
    'cluster.nicsPerNode': { kind: 'number', min: 1, max: 1024, nullable: true },
    'cluster.hostLink': ids(HOST_LINKS),
    'cluster.stragglers': { kind: 'straggler' },
  },
  failures: {
    reliability: { kind: 'failures' },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, SimulationField>>>>

export type SimulationGroup = keyof typeof SIMULATION_FIELDS
export type SimulationPath = {
  [G in SimulationGroup]: keyof (typeof SIMULATION_FIELDS)[G] & string
}[SimulationGroup]

/** Groups collapsed to one line until opened. */
const FOLDED_GROUPS = [
  'shape',
  'optimizer',
  'exchange',
  'network',
  'failures',
] as const satisfies readonly SimulationGroup[]
export type FoldedGroup = (typeof FOLDED_GROUPS)[number]

export const isFolded = (group: SimulationGroup): group is FoldedGroup => FOLDED_GROUPS.some((each) => each === group)
