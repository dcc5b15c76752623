/** Memory categories, in the fixed order in which every bar, table and result shows them. */
export const CATEGORIES = ['parameters', 'gradients', 'optimizer', 'activations', 'communication', 'workspace'] as const
export type Category = (typeof CATEGORIES)[number]
export type BytesByCategory = Record<Category, number>
/**
 * Peaks over time, each category separately; `total` is the peak of the sum. `cached` are free buffers a device keeps
 * for the next step: they count in `total`, but not in `workspace`, which they would otherwise dominate.
 */
export type PeakBytes = BytesByCategory & { total: number; cached: number }

/** Kinds of traffic, for counting messages. */
export const TRAFFIC_KINDS = ['parameters', 'gradients', 'activations', 'scalars'] as const
export type TrafficKind = (typeof TRAFFIC_KINDS)[number]
export type BytesByTraffic = Record<TrafficKind, number>

/**
 * Bytes a device buffer actually takes for `bytes` of data: at least 16, a multiple of 16 (vec4 loads; no empty
 * buffers). The pool and the memory ledger share this function, so that predicted equals measured.
 */
export function roundBufferBytes(bytes: number): number {
  return Math.max(16, Math.ceil(bytes / 16) * 16)
}

export function zeroByCategory(): BytesByCategory {
  return { parameters: 0, gradients: 0, optimizer: 0, activations: 0, communication: 0, workspace: 0 }
}

export function zeroByTraffic(): BytesByTraffic {
  return { parameters: 0, gradients: 0, activations: 0, scalars: 0 }
}

export function zeroPeak(): PeakBytes {
  return { ...zeroByCategory(), cached: 0, total: 0 }
}

/** A size in a message: "512 bytes", "3.20 MB", "29.2 GB". */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  return bytes < 1e9 ? `${(bytes / 1e6).toPrecision(3)} MB` : `${(bytes / 1e9).toPrecision(3)} GB`
}
