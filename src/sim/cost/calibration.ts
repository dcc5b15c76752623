import type { Device } from '../hardware.ts'

/** How much of a device's rates real kernels reach: physical parameters, one set per architecture. */
export interface Calibration {
  /** Share of the peak that a matrix product with endless tiles reaches. */
  readonly matmulEfficiency: number
  /** Extra depth every tile pays to start and to store its result: it works as if K were this much larger. */
  readonly matmulDepth: number
  /** A tile of m × n reaches 1 / (1 + tileReuse·(1/m + 1/n)) of that: operands come again for every tile. */
  readonly tileReuse: number
  /** Share of the memory bandwidth that element-wise kernels reach. */
  readonly memoryEfficiency: number
  /** Share of the peak that a fused attention kernel reaches. */
  readonly attentionEfficiency: number
  /** Seconds from one counted kernel to the next on a busy device, small kernels that are not counted included. */
  readonly kernelGapSeconds: number
}

/** An architecture's figures; the gap between kernels is the device's own where measured, else the one given, else fitted. */
export function calibrationOf({ calibration, kernelGapSeconds: own }: Device, given?: number): Calibration {
  const fitted = CALIBRATIONS[calibration]
  return { ...fitted, kernelGapSeconds: own ?? given ?? fitted.kernelGapSeconds }
}

/**
 * ampere: mean absolute error on every second row of vTrain's two tables, while Megatron's rows 1, 3, 5, Korthikanti's
 * 175B and Zero Bubble's 1.5B stay within 8.2 %, 6.7 % and 5.2 %; one row of figures for Megatron-LM serves all of them.
 * hopper: every fourth row of nanotron's runs and every second of llm-foundry's; depth and reuse from an older fit of ampere.
 * volta and generic are not fitted: stated guesses between the two.
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
