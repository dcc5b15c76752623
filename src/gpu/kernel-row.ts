import type { KernelName } from '../model/kernels.ts'

export type KernelParams = Readonly<Record<string, number>>

/** One implementation of a kernel. The first variant of a row is the naive one: the oracle of the tests. */
export interface KernelVariant {
  readonly name: string
  /** WGSL text; the entry point is named after the kernel. */
  readonly source: string
  /** Values of `override` constants. */
  readonly constants?: Readonly<Record<string, number>>
  /** Device features the source needs; a variant whose features are missing does not fit. */
  readonly features?: readonly GPUFeatureName[]
  /** Workgroup counts for a launch; grids beyond 65,535 in x extend into y. */
  readonly workgroups: (params: KernelParams) => readonly [number, number, number]
  /** Whether this variant supports these sizes on this device; absent: always. */
  readonly fits?: (params: KernelParams, limits: GPUSupportedLimits) => boolean
}

export type KernelTable = Readonly<Record<KernelName, readonly KernelVariant[]>>
