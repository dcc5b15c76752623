import type { Draft } from './draft-path.ts'

/** One-click configurations: drafts that differ from the defaults only where it matters. */
export const PRESETS = {
  single: {},
  ddp: { parallel: { data: 4 }, batch: { microbatches: 1 } },
  dataParallel: { parallel: { data: 4, dataMode: 'data-parallel' }, batch: { microbatches: 1 } },
  server: { parallel: { data: 4, dataMode: 'parameter-server' }, batch: { microbatches: 1 } },
  gpipe: { parallel: { pipeline: 4, schedule: 'gpipe' }, batch: { microbatches: 4 } },
  oneFOneB: { parallel: { pipeline: 4, schedule: '1f1b' }, batch: { microbatches: 8 } },
  zeroBubble: { parallel: { pipeline: 4, schedule: 'zb-h1' }, batch: { microbatches: 8 } },
  hybrid: { parallel: { pipeline: 2, data: 2, schedule: '1f1b' }, batch: { microbatches: 4 } },
  stale: {
    parallel: { data: 4, dataMode: 'parameter-server', server: { async: true, maxStaleness: 3 } },
    batch: { microbatches: 1 },
    cluster: { stragglers: [{ rank: 3, slowdown: 3 }] },
  },
  zero2: { parallel: { data: 4, zero: 2 }, batch: { microbatches: 1 } },
  fsdp: { parallel: { data: 4, zero: 3 }, batch: { microbatches: 1 } },
  tensor: { parallel: { tensor: 4 }, batch: { microbatches: 1 } },
  threeD: { parallel: { data: 2, tensor: 2, pipeline: 2, schedule: '1f1b' }, batch: { microbatches: 4 } },
} as const satisfies Record<string, Draft>

export type PresetName = keyof typeof PRESETS
export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[]

/** The preset that a draft equals, or null. */
export function presetOf(draft: Draft): PresetName | null {
  const text = JSON.stringify(draft)
  return PRESET_NAMES.find((name) => JSON.stringify(PRESETS[name]) === text) ?? null
}
