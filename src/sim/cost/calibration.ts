import type { Device } from '../hardware.ts'

/** Efficiencies of real kernels relative to a device's rates: physical parameters, one set per architecture. */
export interface Calibration {
  /** Share of the peak reached by a matrix product with infinite tiles. */
  readonly matmulEfficiency: number
  /** Extra depth for starting and storing each tile, as if K were this much larger. */
  readonly matmulDepth: number
  /** A tile of m × n reaches 1 / (1 + tileReuse·(1/m + 1/n)) of that: operands are reloaded for every tile. */
  readonly tileReuse: number
  /** Share of the memory bandwidth reached by element-wise kernels. */
  readonly memoryEfficiency: number
  /** Share of the peak reached by a fused attention kernel. */
  readonly attentionEfficiency: number
  /** Seconds from one counted kernel to the next on a busy device, including uncounted small kernels. */
  readonly kernelGapSeconds: number
}

/**
 * An architecture's figures; the gap between kernels is the device's measured one, else the given one, else the fitted
 * one.
 */
export function calibrationOf({ calibration, kernelGapSeconds: own }: Device, given?: number): Calibration {
  const fitted = CALIBRATIONS[calibration]
  return { ...fitted, kernelGapSeconds: own ?? given ?? fitted.kernelGapSeconds }
}

/**
 * ampere: mean absolute error on every second row of vTrain's two tables, while Megatron's rows 1, 3, 5, Korthikanti's
 * 175B and Zero Bubble's 1.5B stay within 8.2 %, 6.7 % and 5.2 %; one row of figures for Megatron-LM covers all of
 * them. hopper: every fourth row of nanotron's runs and every second of llm-foundry's; depth and reuse from an older
 * fit of ampere. volta and generic are not fitted: guesses in between.
 */
export const CALIBRATIONS: Readonly<Record<Device['calibration'], Calibration>> = {
  volta: {
    matmulEfficiency: 0.8,
    matmulDepth: 226,
    tileReuse: 10.7,
    memoryEfficiency: 0.75,
    attentionEfficiency: 0.3,
    kernelGapSeconds: 10e-6,
  },
  ampere: {
    matmulEfficiency: 1,
    matmulDepth: 127,
    tileReuse: 6.7,
    memoryEfficiency: 0.687,
    attentionEfficiency: 0.38,
    kernelGapSeconds: 6.8e-6,
  },
  hopper: {
    matmulEfficiency: 0.79,
    matmulDepth: 226,
    tileReuse: 10.7,
    memoryEfficiency: 0.654,
    attentionEfficiency: 0.213,
    kernelGapSeconds: 10.6e-6,
  },
  generic: {
    matmulEfficiency: 0.7,
    matmulDepth: 100,
    tileReuse: 10,
    memoryEfficiency: 0.75,
    attentionEfficiency: 0.4,
    kernelGapSeconds: 5e-6,
  },
}
