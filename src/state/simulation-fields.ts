import { DEVICE_IDS, INTER_NODE_LINKS, INTRA_NODE_LINKS, SCHEDULE_IDS } from '../config/names.ts'
import { MODEL_PRESET_NAMES } from '../model/presets.ts'

/** How a field of the Simulate place is edited. */
export type SimulationField =
  | {
      readonly kind: 'number'
      readonly min: number
      readonly max: number
      readonly scale?: number
      readonly nullable?: boolean
    }
  | { readonly kind: 'choice'; readonly options: readonly string[]; readonly numeric?: boolean }
  | { readonly kind: 'switch' }

const count = (max: number): SimulationField => ({ kind: 'number', min: 1, max })

export const SIMULATION_FIELDS = {
  model: {
    'model.preset': { kind: 'choice', options: MODEL_PRESET_NAMES },
    precision: { kind: 'choice', options: ['f32', 'mixed-bf16', 'mixed-f16'] },
    'batch.global': count(65_536),
    'batch.microbatches': count(4096),
    'batch.sequence': count(131_072),
  },
  parallel: {
    'parallel.data': count(65_536),
    'parallel.tensor': count(1024),
    'parallel.pipeline': count(1024),
    'parallel.schedule': { kind: 'choice', options: SCHEDULE_IDS },
    'parallel.chunks': count(64),
    'parallel.zero': { kind: 'choice', options: ['0', '1', '2', '3'], numeric: true },
    'parallel.recompute': { kind: 'choice', options: ['none', 'selective', 'full'] },
    'parallel.sequenceParallel': { kind: 'switch' },
  },
  cluster: {
    'cluster.device': { kind: 'choice', options: DEVICE_IDS },
    'cluster.devicesPerNode': count(1024),
    'cluster.intraNode': { kind: 'choice', options: INTRA_NODE_LINKS },
    'cluster.interNode': { kind: 'choice', options: INTER_NODE_LINKS },
    'cluster.oversubscription': { kind: 'choice', options: ['1', '2', '3', '4', '8'], numeric: true },
    'cluster.memoryBytes': { kind: 'number', min: 0.1, max: 1000, scale: 1e9, nullable: true },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, SimulationField>>>>

export type SimulationGroup = keyof typeof SIMULATION_FIELDS
export type SimulationPath = { [G in SimulationGroup]: keyof (typeof SIMULATION_FIELDS)[G] }[SimulationGroup]
