import type { Precision } from '../../config/types.ts'
import type { Device } from '../hardware.ts'
import type { Calibration } from './calibration.ts'

/** A kernel for the cost model. `launches` counts the host's launches for it, `times` how often it runs. */
export type KernelWork = Kernel & { readonly times?: number }

type Kernel =
  /** `batch` products of [M, K] by [K, N]; `bytes` are those read and written at least once. */
  | {
      readonly kind: 'matmul'
      readonly batch: number
      readonly M: number
      readonly N: number
      readonly K: number
      readonly bytes: number
      readonly launches: number
    }
  /** Fused attention: the scores stay on the multiprocessor. */
  | { readonly kind: 'attention'; readonly flops: number; readonly bytes: number; readonly launches: number }
  /** Element-wise or reduction: bound by memory. */
  | { readonly kind: 'memory'; readonly bytes: number; readonly launches: number }

const TILES = [
  [256, 128],
  [128, 256],
  [128, 128],
  [128, 64],
  [64, 64],
] as const
const SPLITS = [1, 2, 4, 8]

/**
 * Device seconds of a matrix product: tiles run in waves over the multiprocessors (the last wave may be nearly empty),
 * each tile pays for its depth K and a fixed start; K may be split over tiles where they are few. The best tile counts,
 * as a library would choose. Never faster than its memory traffic.
 */
function matmulSeconds(
  work: Extract<Kernel, { kind: 'matmul' }>,
  device: Device,
  precision: Precision,
  c: Calibration,
): number {
  const { batch, M, N, K, bytes } = work
  const perUnit = (device.peakFlops[precision] * c.matmulEfficiency) / device.multiprocessors
  let best = Infinity
  for (const [m, n] of TILES) {
    const tiles = batch * Math.ceil(M / m) * Math.ceil(N / n)
    const reuse = 1 + c.tileReuse * (1 / m + 1 / n)
    for (const split of SPLITS) {
      if (split > 1 && K / split < 256) break
      const waves = Math.ceil((tiles * split) / device.multiprocessors)
      // A split product writes its parts in f32 and sums them.
      const parts = split > 1 ? (split * batch * M * N * 8) / (device.memoryBandwidth * c.memoryEfficiency) : 0
      const seconds = (waves * 2 * m * n * (K / split + c.matmulDepth) * reuse) / perUnit + parts
      if (seconds < best) best = seconds
    }
  }
  return Math.max(best, bytes / (device.memoryBandwidth * c.memoryEfficiency))
}

/** Device seconds of one run of a kernel, including the gap to the next one. */
export function kernelSeconds(work: Kernel, device: Device, precision: Precision, c: Calibration): number {
  const gap = work.launches * c.kernelGapSeconds
  const memory = work.bytes / (device.memoryBandwidth * c.memoryEfficiency)
  switch (work.kind) {
    case 'matmul':
      return gap + matmulSeconds(work, device, precision, c)
    case 'attention':
      return gap + Math.max(memory, work.flops / (device.peakFlops[precision] * c.attentionEfficiency))
    case 'memory':
      return gap + memory
  }
}
